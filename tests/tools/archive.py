# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Build the collection's archive so that the same files always give the same bytes: archive.py FOLDER.

ansible-galaxy packs the files in the order in which the disk lists them, with the times of this machine. Neither says
anything about the collection, so both are replaced after it has built the archive.
"""

from __future__ import annotations

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


def build(into: Path) -> Path:
    """Build from the files that git knows or would know, and return the archive's path."""
    with tempfile.TemporaryDirectory() as scratch:
        source = trees.copy(Path(scratch))
        command = ["ansible-galaxy", "collection", "build", "--force", "--output-path", scratch, str(source)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        built = next(Path(scratch).glob("*.tar.gz"))
        into.mkdir(parents=True, exist_ok=True)
        target = into / built.name
        target.write_bytes(_normalised(built))
    return target


def _normalised(built: Path) -> bytes:
    with tarfile.open(built) as archive:
        contents = [(member, _read(archive, member)) for member in archive]
    members = {member.name: (member, content) for member, content in contents}
    listed = json.loads(members["FILES.json"][1])
    listed["files"].sort(key=lambda entry: entry["name"])
    files_json = json.dumps(listed, indent=1).encode()
    manifest = json.loads(members["MANIFEST.json"][1])
    manifest["file_manifest_file"]["chksum_sha256"] = hashlib.sha256(files_json).hexdigest()
    members["FILES.json"] = (members["FILES.json"][0], files_json)
    members["MANIFEST.json"] = (members["MANIFEST.json"][0], json.dumps(manifest, indent=1).encode())

    packed = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=packed, mode="wb", filename="", mtime=_MOMENT) as squeezed,
        tarfile.open(fileobj=squeezed, mode="w") as archive,
    ):
        # ansible-galaxy puts these two first, so that they are found without unpacking the rest.
        names = ["MANIFEST.json", "FILES.json"]
        for name in names + sorted(members.keys() - set(names)):
            member, content = members[name]
            member.mtime, member.size, member.pax_headers = _MOMENT, len(content), {}
            archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def _read(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    stream = archive.extractfile(member) if member.isfile() else None
    return stream.read() if stream else b""


if __name__ == "__main__":
    print(build(Path(sys.argv[1])))
