#!/usr/bin/env python3
"""Writes screens.jsonl for ScreenTests: random streams, and what libvterm (0.3 or later) shows after them."""
import ctypes, json, random

lib = ctypes.CDLL("libvterm.so.0")
for name in ("vterm_new", "vterm_obtain_screen", "vterm_obtain_state"):
    getattr(lib, name).restype = ctypes.c_void_p


class Pos(ctypes.Structure):
    _fields_ = [("row", ctypes.c_int), ("col", ctypes.c_int)]


class Rect(ctypes.Structure):
    _fields_ = [(n, ctypes.c_int) for n in ("start_row", "end_row", "start_col", "end_col")]


lib.vterm_screen_get_text.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t, Rect]
lib.vterm_screen_get_text.restype = ctypes.c_size_t


def screen(columns, rows, data):
    vt = ctypes.c_void_p(lib.vterm_new(rows, columns))
    lib.vterm_set_utf8(vt, 1)
    s = ctypes.c_void_p(lib.vterm_obtain_screen(vt))
    lib.vterm_screen_enable_altscreen(s, 1)
    lib.vterm_screen_reset(s, 1)
    lib.vterm_input_write(vt, data, ctypes.c_size_t(len(data)))
    text = []
    for row in range(rows):
        buffer = ctypes.create_string_buffer(4096)
        n = lib.vterm_screen_get_text(s, buffer, 4096, Rect(row, row + 1, 0, columns))
        text.append(buffer.raw[:n].decode("utf-8", "replace").rstrip(" \n\0"))
    pos = Pos()
    lib.vterm_state_get_cursorpos(ctypes.c_void_p(lib.vterm_obtain_state(vt)), ctypes.byref(pos))
    lib.vterm_free(vt)
    return text, (pos.row, pos.col)


# Not in here, and tested by hand: where libvterm is not xterm (DECSTR, DECRC of nothing, halves of wide characters, the cursor at margins).
def token(r, rows, columns, margins, drawing):
    n = lambda most: r.choice(["", "0", "1", "2", "3", str(r.randint(0, most))])
    region = lambda top: f"\x1b[{top};{r.randint(top + 1, rows)}r"
    tokens = [
        lambda: "".join(r.choice("abcdefgh XYZ") for _ in range(r.randint(1, 12))),
        lambda: "".join(r.choice("abcdefgh XYZ") for _ in range(r.randint(1, 2 * columns))),
        lambda: r.choice(["\r\n", "\r\n", "\n", "\r", "\b", "\t", "\v", "\f", "\a"]),
        lambda: f"\x1b[{n(rows + 2)};{n(columns + 2)}{r.choice('Hf')}",
        lambda: f"\x1b[{n(columns + 2)}{r.choice('CDG`aZI')}",
        lambda: f"\b\x1b[{r.choice(['', '0', '1', '2'])}{r.choice('JK')}",
        # A backspace first: libvterm wraps after these in a full line, xterm does not.
        lambda: f"\b\x1b[{n(columns)}{r.choice('XST')}",
        # Where libvterm leaves the cursor in its column, xterm and VT510 move it to the first.
        lambda: f"\x1b[{n(columns)}{r.choice('LM')}\r",
        lambda: r.choice(["\x1b7", "\x1bM", "\x1bD", "\x1bE", "\x1bH", "\x1b[g"]),
        lambda: r.choice(["\x1b[?7l", "\x1b[?7h", "\x1b[4h", "\x1b[4l", "\x1b[?6h", "\x1b[?6l", "\x1b[20h", "\x1b[20l"]),
        lambda: r.choice(["\x1b[1;31m", "\x1b[m", "\x1b[38;5;9;4m"]),
        # libvterm reads a whole run as UTF-8 once a character in it is.
        lambda: r.choice(["\x1b(0", "\x1b(B"]) if drawing else r.choice(["\xe9", "\u2500", "\u0416"]),
        lambda: r.choice(["\x1b]0;title\a", "\x1b]52;c;aGk=\x1b\\", "\x1bPq#0\x1b\\", "\x1b[?25l", "\x1b[>c", "\x1b[6n"]),
    ]
    if margins:
        tokens.append(lambda: region(r.randint(1, rows - 1)))
    else:
        tokens += [lambda: f"\x1b[{n(columns + 2)}{r.choice('ABEFde')}", lambda: f"\b\x1b[{n(columns)}{r.choice('@P')}"]
    return r.choice(tokens)()


for seed in range(400):
    r = random.Random(seed)
    columns, rows = r.choice([(20, 6), (10, 4), (40, 8), (7, 3)])
    data = "".join(token(r, rows, columns, seed % 2, seed % 3 == 0) for _ in range(r.randint(3, 40)))
    rows_text, cursor = screen(columns, rows, data.encode())
    print(json.dumps({"columns": columns, "rows": rows, "input": data, "screen": rows_text, "cursor": cursor}))
