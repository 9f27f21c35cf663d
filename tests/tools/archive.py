# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The collection's archive: archive.py FOLDER prints the path of one that is built from the files as they are now.

ansible-galaxy packs the files in the order in which the disk lists them, with the times of this machine. Neither says
anything about the collection, so both are replaced after it has built the archive: the same files give the same bytes.
"""

from __future__ import annotations

import fcntl
import gzip
import hashlib
import io
import json
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import trees

# Any fixed moment serves; one of the year 1980 or later suits every unpacker.
_MOMENT = 1_700_000_000


def built(into: Path) -> Path:
    """The archive in the folder; whoever is the first after a change builds it."""
    into.mkdir(parents=True, exist_ok=True)
    state = hashlib.sha256()
    for name in trees.files():
        state.update(name.encode() + b"\0" + (trees.ROOT / name).read_bytes())
    with (into / "state.txt").open("a+", encoding="ascii") as of_archive:
        fcntl.flock(of_archive, fcntl.LOCK_EX)
        of_archive.seek(0)
        if of_archive.read() != state.hexdigest() or not list(into.glob("*.tar.gz")):
            build(into)
            of_archive.truncate(0)
            of_archive.write(state.hexdigest())
    return next(into.glob("*.tar.gz"))


def build(into: Path) -> Path:
    """Build from the files that git knows or would know, and return the archive's path."""
    with tempfile.TemporaryDirectory() as scratch:
        source = trees.copy(Path(scratch))
        command = ["ansible-galaxy", "collection", "build", "--force", "--output-path", scratch, str(source)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        packed = next(Path(scratch).glob("*.tar.gz"))
        for old in into.glob("*.tar.gz"):
            old.unlink()
        (into / packed.name).write_bytes(_normalised(packed))
    return into / packed.name


def _normalised(packed: Path) -> bytes:
    with tarfile.open(packed) as archive:
        members = {
            member.name: (member, (archive.extractfile(member) or io.BytesIO()).read() if member.isfile() else b"")
            for member in archive
        }
    listed = json.loads(members["FILES.json"][1])
    listed["files"].sort(key=lambda entry: entry["name"])
    files_json = json.dumps(listed, indent=1).encode()
    manifest = json.loads(members["MANIFEST.json"][1])
    manifest["file_manifest_file"]["chksum_sha256"] = hashlib.sha256(files_json).hexdigest()
    members["FILES.json"] = (members["FILES.json"][0], files_json)
    members["MANIFEST.json"] = (members["MANIFEST.json"][0], json.dumps(manifest, indent=1).encode())

    result = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=result, mode="wb", filename="", mtime=_MOMENT) as zipped,
        tarfile.open(fileobj=zipped, mode="w") as archive,
    ):
        # ansible-galaxy puts these two first, so that they are found without unpacking the rest.
        names = ["MANIFEST.json", "FILES.json"]
        for name in names + sorted(members.keys() - set(names)):
            member, content = members[name]
            member.mtime, member.size, member.pax_headers = _MOMENT, len(content), {}
            archive.addfile(member, io.BytesIO(content))
    return result.getvalue()


if __name__ == "__main__":
    print(built(Path(sys.argv[1])))
