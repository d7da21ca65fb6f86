"""What processes have used: CPU seconds and memory of a program and all it started, from /proc."""

import os
from pathlib import Path

from benchmarks.programs import Program

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
USED = slice(11, 13)  # of the words behind the name in /proc/…/stat: user and system time
OF_CHILDREN = slice(13, 15)  # of those that have ended


class Family:
    def __init__(self, program: Program) -> None:
        self._program = program

    def cpu_s(self) -> float:
        """Of all that live, and of those that have ended under the first."""
        ticks = 0
        for pid in self._program.family():
            words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += sum(map(int, words[USED]))
            if pid == self._program.pid:
                ticks += sum(map(int, words[OF_CHILDREN]))
        return ticks / TICKS_PER_S

    def memory_bytes(self) -> int:
        """Resident, of the program itself."""
        pages = int(Path(f"/proc/{self._program.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
