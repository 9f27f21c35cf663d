# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Put the three ratios that matter from docs/benchmarks.md into the READMEs, after every measurement: ratios.py."""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BENCHMARKS = ROOT / "docs/benchmarks.md"
PLACE = re.compile(r"(?<=<!-- ratios -->\n).*?(?=<!-- /ratios -->)", re.DOTALL)
ROW = re.compile(r"^\| (one task|40 hosts|loop of 50): `uri` against the controller \|[^|]*\| (.*?) \|$", re.MULTILINE)
MACHINE = re.compile(r"^Measured on (.*?), in \d+ minutes(; the machine was shared, its load was \d+)?", re.MULTILINE)
ALL = "[docs/benchmarks.md](docs/benchmarks.md)"

# What a README says: before the figures, each row, after them, and instead of them.
WORDS = {
    "README.md": (
        "How many times as much `ansible.builtin.uri`, which cannot sign, adds to a playbook as this collection does,\n"
        "by the clock / of processors:\n\n| | ratio |\n|---|---|\n",
        {"one task": "one task", "40 hosts": "40 hosts, each", "loop of 50": "a loop of 50, each item"},
        "Measured on {machine}. All figures: {all}.\n",
        "See {all}.\n",
    ),
    "README.zh-CN.md": (
        "`ansible.builtin.uri`（它不会签名）给 Playbook 增加的开销是本 Collection 的多少倍"
        "（实际耗时 / 处理器时间）：\n\n"
        "| | 倍数 |\n|---|---|\n",
        {"one task": "单个任务", "40 hosts": "40 台主机，每台", "loop of 50": "循环 50 次，每次"},
        "测量环境：{machine}。全部数据见 {all}。\n",
        "见 {all}。\n",
    ),
}


# How the machine is said in Chinese.
CHINESE = {
    " cores": " 核",
    ", with ": "，",
    ", the simulator on the same machine": "，模拟器在同一台机器上",
    "; the machine was shared, its load was ": "；机器另有负载，平均负载为 ",
    ", ": "，",
}


def block(readme: str, benchmarks: str) -> str:
    """What stands between the marks of a README, by the text of the benchmarks."""
    before, names, after, instead = WORDS[readme]
    rows = dict(ROW.findall(benchmarks))
    machine = MACHINE.search(benchmarks)
    if not machine or set(rows) != set(names):
        return instead.format(all=ALL)
    table = "".join(f"| {name} | {rows[key]} |\n" for key, name in names.items())
    where = machine[1] + (machine[2] or "")
    if ".zh-" in readme:
        for english, chinese in CHINESE.items():
            where = where.replace(english, chinese)
    return f"{before}{table}\n" + after.format(machine=where, all=ALL)


def filled(readme: Path) -> str:
    """A README as it should be."""
    text, found = readme.read_text(encoding="utf-8"), block(readme.name, BENCHMARKS.read_text(encoding="utf-8"))
    assert PLACE.search(text), f"{readme.name} has no place for the ratios"
    return PLACE.sub(lambda _match: found, text)


def main() -> int:
    for name in WORDS:
        (ROOT / name).write_text(filled(ROOT / name), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
