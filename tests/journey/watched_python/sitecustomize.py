"""Found by every Python of a node under test before anything else: writes down what runs, unpickles or starts.

One line for each kind: the event of ``sys.addaudithook``, the module that asked for it, and in which function; of a
program its words.
"""

import os
import sys

_WATCHED = {"pickle.find_class", "exec", "compile", "os.system", "os.exec", "os.posix_spawn", "subprocess.Popen",
            "shelve.open", "builtins.input"}  # fmt: skip
_said = set()
_output = os.open(os.environ["WATCHED_PYTHON"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)


def _write_down(event, arguments):
    if event not in _WATCHED:
        return
    about = ""
    if event in ("exec", "compile"):
        name = arguments[0].co_filename if event == "exec" else arguments[1]
        name = os.fsdecode(name) if isinstance(name, (str, bytes)) else ""
        if name.endswith(".py") or name.startswith("<frozen"):
            return  # a module is imported
        about = sys._getframe(1).f_code.co_name
    elif event == "subprocess.Popen":
        about = " ".join(map(str, arguments[1]))
    elif event == "pickle.find_class":
        about = ".".join(arguments)
    caller = sys._getframe(1)
    line = "\t".join((event, caller.f_globals.get("__name__", "?"), about)).replace("\n", " ") + "\n"
    if line not in _said:
        _said.add(line)
        os.write(_output, line.encode("utf-8", "replace"))


sys.addaudithook(_write_down)
