"""Tables that were made in several runs: what each gave, and how they become one."""
import statistics, sys

MADE = ["command", "version", "commit", "binary_sha256", "machine", "date", "load_before", "load_after", "exit_code", "seconds", "peak_rss_mb", "device", "seeds", "note"]

def parts(d):
    """How a table was made: the commands that each gave a part of it."""
    return d.get("parts") or [{key: d[key] for key in MADE if key in d} | {"rows": [row["name"] for row in d.get("rows", [])]}]

def minutes(d):
    return sum(part["seconds"] for part in parts(d)) / 60

def added(old, new):
    """A table with what another run of it gave: other seeds, or other rows."""
    for key in ("table", "preset", "settings", "task", "columns"):
        if old.get(key) != new.get(key):
            sys.exit(f"what was recorded of {old['table']} was made with another {key}; record it anew with --again")
    for a in parts(old):
        for b in parts(new):
            if (rows := set(a["rows"]) & set(b["rows"])) and (seeds := set(a["seeds"]) & set(b["seeds"])):
                sys.exit(f"{min(rows)} is recorded already for seed {min(seeds)}")
    def each(row, figure):
        if "each" not in figure and figure["n"] > 1:
            sys.exit(f"the file of {old['table']} does not hold the single values of {row}; record it anew with --again")
        return figure.get("each", [figure["mean"]])
    rows = {row["name"]: row for row in old["rows"]}
    for row in new["rows"]:
        known = rows.setdefault(row["name"], row | {"values": {}})
        for column, figure in row["values"].items():
            values = (each(row["name"], known["values"][column]) if column in known["values"] else []) + each(row["name"], figure)
            known["values"][column] = {"each": values, "mean": statistics.mean(values), "n": len(values), "sd": statistics.stdev(values) if len(values) > 1 else 0.0}
    merged = {key: value for key, value in old.items() if key not in MADE} | {"rows": list(rows.values()), "parts": parts(old) + parts(new)}
    return merged | {"seeds": sorted({seed for part in merged["parts"] for seed in part["seeds"]})}
