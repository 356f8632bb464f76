"""What the timing scripts share: where things lie, what machine this is, one timed process, results and tables written whole."""
import datetime, json, os, pathlib, platform, subprocess, sys, tempfile, threading

ROOT = pathlib.Path(__file__).resolve().parent.parent
RESULTS = ROOT / "docs" / "results"
PAGE = ROOT / "docs" / "BENCHMARKS.md"
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", pathlib.Path.home() / ".cache" / "countermark" / "target"))
BINARY = TARGET / "debug" / "countermark"
# The jobs that a PyTorch script has too, and how much faster than it they shall be on a CPU.
GOALS = {"lenet5": 1.2, "stamp": 2.0, "classifier": 1.2, "resnet18": 1.2, "barrier": 1.0}

def machine():
    names = [line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")]
    return f"{len(names)} cores, {names[0]}" if names else platform.processor()

def commit():
    done = subprocess.run(["git", "-C", ROOT, "describe", "--always", "--dirty"], capture_output=True, text=True)
    return done.stdout.strip()

def about(threads, load):
    """What a reader needs beside a number. `load`: the load average before anything was timed."""
    return {"machine": machine(), "threads": threads, "date": datetime.date.today().isoformat(), "commit": commit(), "load_before": round(load, 2),
            "python": platform.python_version(), "system": platform.platform()}

def chosen(jobs, known):
    """The jobs named, with commas between."""
    jobs = jobs.split(",")
    if unknown := [job for job in jobs if job not in known]:
        sys.exit(f"No such job: {', '.join(unknown)}. Jobs are {', '.join(known)}.")
    return jobs

class Failed(Exception):
    """A process that gave no numbers; its text is what it said."""

def timed(command, threads, environment=None, limit=None):
    """The JSON line of a command, with the peak memory of its process. `limit`: seconds after which it is ended."""
    with tempfile.TemporaryFile("w+") as told, tempfile.TemporaryFile("w+") as out:
        child = subprocess.Popen([str(c) for c in command], stdout=out, stderr=told, text=True,
                                 env={**os.environ, "OMP_NUM_THREADS": str(threads), "RAYON_NUM_THREADS": str(threads), **(environment or {})})
        alarm = threading.Timer(limit, child.kill) if limit else None
        if alarm:
            alarm.start()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        late = bool(alarm) and not alarm.is_alive()
        if alarm:
            alarm.cancel()
        told.seek(0), out.seek(0)
        words, lines = told.read().strip(), out.read().strip().splitlines()
    if child.returncode or not lines:
        why = f"took longer than {limit} s" if late else (words.splitlines() or [f"ended with {child.returncode}"])[-1]
        raise Failed(why)
    peak = usage.ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)
    return {**json.loads(lines[-1]), "peak_rss_mb": round(peak, 1)}

def write(path, text):
    """The file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    temporary.write_text(text)
    os.replace(temporary, path)

def write_json(path, value):
    write(path, json.dumps(value, indent=1) + "\n")

def draw(begin, lines, end="<!-- end -->"):
    """Puts lines between two marks of docs/BENCHMARKS.md."""
    text = PAGE.read_text()
    if begin not in text or end not in text.split(begin, 1)[1]:
        sys.exit(f"{PAGE} has no place for this: it needs the lines {begin} and {end}")
    before, rest = text.split(begin, 1)
    write(PAGE, before + "\n".join([begin, *lines, end]) + rest.split(end, 1)[1])
