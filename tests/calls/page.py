# SPDX-License-Identifier: MIT
"""page.py - the test's side of the page that preload.c shares with the program under test."""
import errno, mmap, os, re, struct, subprocess, tempfile

KINDS = ["ALLOC", "ARENA", "WRITE", "SYNC", "ACCEPT", "THREAD", "OPEN", "MAP", "SEND", "READ", "POLL", "SOCKET",
         "LOCK", "STAT", "QUERY"]
FRAMES, PLACES, SLOTS, STACKS = 24, 8, 1 << 17, 64
HEAD, FAULT, BLOCK = 5 * 8, (6 + FRAMES) * 8, (3 + PLACES) * 8
SIZE = HEAD + FAULT * len(KINDS) + BLOCK * SLOTS + STACKS * 8
ERRORS = {"ALLOC": errno.ENOMEM, "ARENA": errno.ENOMEM, "WRITE": errno.ENOSPC, "SYNC": errno.EIO, "ACCEPT": errno.EMFILE,
          "THREAD": errno.EAGAIN, "OPEN": errno.EMFILE, "MAP": errno.ENOMEM, "SEND": errno.ENOBUFS, "READ": errno.EIO,
          "POLL": errno.ENOMEM, "SOCKET": errno.ENOBUFS, "LOCK": errno.ENOLCK, "STAT": errno.EIO, "QUERY": errno.EIO}


class Page:
    def __init__(self, preload):
        self.file = tempfile.NamedTemporaryFile(prefix="latchkey-faults-")
        self.file.truncate(SIZE)
        self.map = mmap.mmap(self.file.fileno(), SIZE)
        self.env = {"FAULTS": self.file.name, "LD_PRELOAD": os.path.abspath(preload)}

    def close(self):
        self.map.close()
        self.file.close()

    def _at(self, kind, field):
        return HEAD + FAULT * KINDS.index(kind) + 8 * ("count", "fail_at", "sticky", "error", "fired", "frames_n").index(field)

    def get(self, kind, field):
        return struct.unpack_from("Q", self.map, self._at(kind, field))[0]

    def set(self, kind, field, value):
        struct.pack_into("Q", self.map, self._at(kind, field), value)

    def arm(self, kind, n, sticky=False, error=None):
        """From now on the n-th call of this kind fails; sticky: all from there on."""
        self.disarm(kind)
        self.set(kind, "sticky", sticky)
        self.set(kind, "error", error or ERRORS[kind])
        self.set(kind, "count", 0)
        self.set(kind, "fired", 0)
        self.set(kind, "fail_at", n)

    def disarm(self, kind):
        """How often it failed, and how many calls there were."""
        self.set(kind, "fail_at", 0)
        return self.get(kind, "fired"), self.get(kind, "count")

    def live(self):
        return struct.unpack_from("QQ", self.map, 0)

    def keep_places(self, on):
        struct.pack_into("Q", self.map, 16, on)

    def number(self):
        return struct.unpack_from("Q", self.map, 24)[0]

    def blocks(self, after=0):
        """Blocks alive that were taken behind this number: (number, size, frames)."""
        start = HEAD + FAULT * len(KINDS)
        for at in range(start, start + BLOCK * SLOTS, BLOCK):
            p, size, number, *frames = struct.unpack_from(f"{3 + PLACES}Q", self.map, at)
            if p and number > after:
                yield number, size, [f for f in frames if f]

    def frames(self, kind):
        """The callers of the call that failed first, innermost first."""
        n = self.get(kind, "frames_n")
        return struct.unpack_from(f"{n}Q", self.map, self._at(kind, "frames_n") + 8) if n else ()


class Places:
    """Addresses of a process as words; its maps are read while it lives."""

    def __init__(self, pid):
        self.maps = []
        with open(f"/proc/{pid}/maps") as f:
            for line in f:
                w = line.split()
                lo, hi = (int(x, 16) for x in w[0].split("-"))
                if len(w) > 5 and w[5].startswith("/"):
                    self.maps.append((lo, hi, int(w[2], 16), w[5]))
        self.known = {}

    def file(self, address):
        return next(((path, address - lo + offset) for lo, hi, offset, path in self.maps if lo <= address < hi), ("?", address))

    def word(self, address):
        if address not in self.known:
            path, at = self.file(address)
            line = ""
            if "latchkey" in os.path.basename(path):
                said = subprocess.run(["addr2line", "-fise", path, hex(at - 1)], capture_output=True, text=True).stdout.split("\n")
                line = " ".join(f"{a}({b})" for a, b in zip(said[::2], said[1::2]))
            self.known[address] = line or f"{os.path.basename(path)}+{at:x}"
        return self.known[address]

    def words(self, addresses):
        return " < ".join(self.word(a) for a in addresses)

    def library(self, addresses):
        """The innermost file that is neither the C library nor the preload."""
        for a in addresses:
            name = os.path.basename(self.file(a)[0])
            if name != "?" and not re.match(r"(libc|calls|ld-linux|libgcc)\b", name):
                return name
        return "?"
