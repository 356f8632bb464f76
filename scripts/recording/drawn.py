"""Draws docs/RESULTS.md from the JSON files of docs/results."""
import json, statistics

from .plan import BARRIER_TABLES, CHOICE_SEEDS, CLASSIFIER_TABLES, FOLDER, MARKING, ROOT, SEEDS, STAMP_SEEDS
from .words import BARRIER_GOALS, BARRIER_TEXT, CLASSIFIER_GOALS, CLASSIFIER_TEXT, DROP, FIGURES, STAMP_FIGURES
from .parts import minutes, parts

def table(results, names, changed=(), figures=FIGURES):
    changed = dict(changed)
    lines = ["| figure | goal | " + " | ".join(names) + (" | mean ± sd |" if len(results) > 1 else " |"), "| --- " * (2 + len(names) + (len(results) > 1)) + "|"]
    for what, goal, value, met, write in figures:
        goal, met = changed.get(what, (goal, met))
        values = [value(d) for d in results]
        cells = [write(v) + ("" if met(v) else " **misses**") for v in values]
        if len(results) > 1:
            numbers = [v for v in values if not isinstance(v, str)]
            cells.append(write(statistics.mean(numbers)) + " ± " + write(statistics.stdev(numbers)) if numbers else "")
        lines.append(f"| {what} | {goal} | " + " | ".join(cells) + " |")
    return "\n".join(lines)

def source(results):
    told = lambda name: ", ".join(dict.fromkeys(str(d[name]) for d in results))
    commands = ", ".join(f"`{d['command']}`" for d in results)
    return f"{commands}; Countermark {told('version')}, commit {told('commit')}, on {told('machine')}, {told('date')}. " + ("Load before each run: " + ", ".join(f"{d['load_before']:.1f}" for d in results) + "." if all("load_before" in d for d in results) else "") + "".join(f" {n}" for n in dict.fromkeys(d.get("note", "") for d in results) if n)

def choice():
    path = FOLDER / "choice.json"
    if not path.exists():
        return []
    found = json.loads(path.read_text())
    spread = lambda values, digits: f"{statistics.mean(values):.{digits}f} ({min(values):.{digits}f} to {max(values):.{digits}f})"
    rows = [f"| {name} | {spread([d['key_accuracy'] for d in runs], 3)} | {spread([DROP(d) for d in runs], 2)} | {spread([d['psnr_db'] for d in runs], 1)} | {max(d['foreign_hit'] for d in runs):.3f} | {sum(d['verdict'] == 'in_this_model' for d in runs)} of {len(runs)} |" for name, runs in found["settings"].items()]
    seeds = ", ".join(str(seed) for seed in CHOICE_SEEDS)
    return [f"What the preset was chosen from, on those other pictures (`scripts/results choose`, seeds {seeds}, mean and range; {found['machine']}, {found['date']}, commit {found['commit']}):", "",
            "| setting | keys hit | drop, points | PSNR, dB | worst foreign encoder | proved |", "| --- | --- | --- | --- | --- | --- |", *rows, ""]

def drawing(name, title):
    """The picture of a table, where there is one."""
    return ["", f"![{title}, drawn](results/{name}.png)"] if (FOLDER / f"{name}.png").exists() else []

def classifiers(read):
    out = ["## Marks in classifiers: the papers' tables", "", "Made with the preset Quick (`countermark reproduce TABLE`) where nothing else is said, which goes beyond the papers' recipes (docs/ARCHITECTURE.md). A goal that is missed says so.", ""]
    for name in CLASSIFIER_TABLES:
        title, text = CLASSIFIER_TEXT[name]
        out += [f"### {title} (`{name}`)", "", *([text, ""] if text else [])]
        d = read(name)
        if not d:
            out += ["Not recorded yet.", ""]
            continue
        out += [source(parts(d)) + f" Mean ± standard deviation over seeds {', '.join(map(str, d['seeds']))}; {minutes(d):.0f} min.", "", "| row | " + " | ".join(d["columns"]) + " |", "| --- " * (1 + len(d["columns"])) + "|"]
        digits = lambda column: 1 if column in ("psnr_db", "drop_points", "seconds_per_stamp") else 3
        for row in d["rows"]:
            goals = CLASSIFIER_GOALS.get(name, CLASSIFIER_GOALS.get(CLASSIFIER_TABLES[name].table, {}))
            goals = next((goals for word, goals in goals.items() if row["name"].endswith(word)), {})
            def cell(column):
                if column not in row["values"]:
                    return ""
                mean, sd, n = (row["values"][column][part] for part in ("mean", "sd", "n"))
                missed = column in goals and not goals[column][1](mean)
                return f"{mean:.{digits(column)}f}" + (f" ± {sd:.{digits(column)}f}" if n > 1 else "") + (f" **misses {goals[column][0]}**" if missed else "")
            out.append(f"| {row['name']} | " + " | ".join(map(cell, d["columns"])) + " |")
            if row["paper"]:
                out.append("| *the paper* | " + " | ".join(f"*{row['paper'][column]}*" if column in row["paper"] else "" for column in d["columns"]) + " |")
        out += [*drawing(name, title), ""]
    return out

def barrier(read):
    out = ["## The image barrier", "", "Tables of the paper (Zhang et al., AAAI 2020) made again with the Quick preset: small pictures (64x64), narrow networks, minutes instead of days. The paper's networks see 256x256 pictures and train on a GPU. Its figures stand below ours, where it gives one number.", "",
           "The preset was chosen on the photographs kept for validation, and with other seeds (1 and 11). The figures here are of the photographs kept for the last word.", ""]
    marking = [(name, read(name)) for name, *_ in MARKING]
    marking = [(name, d) for name, d in marking if d]
    if marking:
        out += ["### Marking a picture", "", f"Median of several, with networks of the Quick preset that have learnt nothing: the logo is not found again, and every firmness is tried, the slowest case. {source([d for _, d in marking])}", "",
                "| picture | seconds | goal | peak memory, MB | goal |", "| --- " * 5 + "|"]
        for name, d in marking:
            goal, most = ("< 3", 3) if d["side"] == 1080 else ("", float("inf"))
            out.append(f"| {d['side'] * 16 // 9}x{d['side']} | {d['median_step_s']:.2f}{'' if d['median_step_s'] < most else ' **misses**'} | {goal} | {d['peak_rss_mb']:.0f}{'' if d['peak_rss_mb'] < 2000 else ' **misses**'} | < 2000 |")
        out.append("")
    made = read("barrier-made")
    if made:
        figures = made["figures"]
        passes = figures["unmarked_passes"] + figures["closer_passes"] + figures["foreign_passes"]
        out += ["### Making a barrier (`countermark barrier`)", "", f"Both stages on both cores, with nothing beside them and a seed that nothing else was made with. {source([made])}", "",
                "| pictures it learnt from | minutes of learning | goal | PSNR, dB | SSIM | found again | found without a mark | peak memory, MB |", "| --- " * 8 + "|",
                f"| {made['photographs']} | {made['seconds'] / 60:.1f}{'' if made['seconds'] < 1800 else ' **misses**'} | < 30 | {figures['psnr_db']:.1f} | {figures['ssim']:.3f} | {figures['success']:.3f} | {passes} of {figures['unmarked'] + figures['closer'] + figures['foreign']} | {made['peak_rss_mb']:.0f} |", ""]
    for name, (title, text) in BARRIER_TEXT.items():
        out += [f"### {title} (`countermark reproduce {BARRIER_TABLES[name].table}`)", "", text, ""]
        d = read(name)
        if not d:
            out += ["Not recorded yet.", ""]
            continue
        def cell(row, column):
            if column not in row["values"]:
                return ""
            mean, sd, n = (row["values"][column][part] for part in ("mean", "sd", "n"))
            digits = 1 if column == "psnr_db" else 3
            return f"{mean:.{digits}f}" + (f" ± {sd:.{digits}f}" if n > 1 else "")
        out += [source(parts(d)) + (f" Mean ± standard deviation over seeds {', '.join(map(str, d['seeds']))}" if len(d["seeds"]) > 1 else f" One seed only, {d['seeds'][0]}: no spread is known yet") + f"; {minutes(d):.0f} min.", "",
                "| row | " + " | ".join(d["columns"]) + " |", "| --- " * (1 + len(d["columns"])) + "|"]
        goals = BARRIER_GOALS.get(name, {})
        # Classical marks stand there to compare with, and of thieves who turn their pictures the goal only asks for some success.
        reached = lambda row, column, mean: mean > 0 if column == "success" and row["name"].endswith("augmented") else goals[column][1](mean)
        asked = lambda row, column: column in goals and column in row["values"] and "classical" not in row["name"]
        met = lambda row, column: " **misses**" if asked(row, column) and not reached(row, column, row["values"][column]["mean"]) else ""
        if goals:
            out.append("| goal | " + " | ".join(goals.get(column, ("",))[0] for column in d["columns"]) + " |")
        for row in d["rows"]:
            out.append(f"| {row['name']} | " + " | ".join(cell(row, column) + met(row, column) for column in d["columns"]) + " |")
            if row["paper"]:
                out.append("| *the paper* | " + " | ".join(f"*{row['paper'][column]}*" if column in row["paper"] else "" for column in d["columns"]) + " |")
        out += [*drawing(name, title), ""]
    return out

def draw():
    read = lambda name: json.loads((FOLDER / f"{name}.json").read_text()) if (FOLDER / f"{name}.json").exists() else None
    out = ["# Results", "", "Drawn by `scripts/results draw` from docs/results; `scripts/results run BINARY` makes those files. A figure that misses its goal says so.", ""]
    demos = [(seed, read(f"demo-seed-{seed}")) for seed in SEEDS]
    demos = [(seed, d) for seed, d in demos if d]
    out += ["## The demonstration", "", "The whole story on the embedded sample with the Quick preset: mark, train the controls, verify. Rates are 0 to 1.", "",
            "How far to trust this: the Quick preset was chosen on other pictures of Fashion-MNIST than the sample's (`scripts/results pick`: 6,000 to train, 3,000 to test) and with seeds from 101 on. Seeds 41 to 45 had not been used for anything before they were recorded.", "",
            "What was recorded before, and is only in the history now: seeds 1 to 5, 11, 12, 21 to 25 and 31 to 35 with earlier presets (commits 0fe6ab3, 98a168f, 9a635ff, 721e5dd). Around the first of them both the preset, tried with seed 1 on the sample, and the rule by which foreign keys fail a check were changed (b52ef48 loosened it from p <= 1e-9 to above 40%, c97d31b put p <= 1e-9 back beside the 40%). Those seeds are therefore not used again. Of 21 to 25 and 31 to 35 each set had one that missed a goal: seed 25 lost 1.62 and seed 34 2.00 points of clean accuracy. After that the keys a step were looked at once more and became 14 instead of 20, on the other pictures. Seeds 41 to 45 were recorded with that preset at 93 to 99 s (commit 256b96c and after: keys .988 to .998, drop -1.12 to 0.83 points), and again, with the same preset, when operations of the CPU had become faster: that changes the order of sums, and so every number a little. Other seeds that were run while this was built: seed 7 gave keys .943, below the goal of .95, and seed 8 .990.", "",
            *choice(),
            "Clean accuracy is compared with the mean of the three unmarked controls on the same pictures: all test pictures but the 200 kept for fresh keys. Its interval is Clopper-Pearson's; that of the drop takes the differences picture by picture. The unmarked twin that is asked for a verdict is trained like the controls, but is none of them.", ""]
    if demos:
        out += [f"{source([d for _, d in demos])}", "", table([d for _, d in demos], [f"seed {s}" for s, _ in demos]), ""]
    else:
        out += ["Not recorded yet.", ""]
    out += ["## MNIST with LeNet-5", "", "A longer plan (5,000 steps of 100 pictures, 8 passes) on all of MNIST, beside what the paper says (Li et al., ACSAC 2019): clean accuracy 0.14 to 0.66 points below the unmarked model, keys above 90% (best 100%), the same keys on unmarked models 9 to 13%.", ""]
    mnist = read("mnist-lenet5")
    if mnist:
        goals = {"keys hit": (">= .99", lambda v: v >= .99), "clean accuracy": (">= .985", lambda v: v >= .985), "drop, points": ("<= 0.7", lambda v: v <= .7),
                 "seconds from start to verdict": ("", lambda v: True)}
        out += [f"{source([mnist])} Once only, with the seed {mnist['seed']}.", "", table([mnist], ["measured"], goals.items()), ""]
    else:
        out += ["Not recorded yet.", ""]
    out += ["## Penetrating stamps", "", "The whole story on the embedded sample with the Quick preset of the penetrating stamps (Li and Wang, ICIP 2021), which goes beyond the paper's recipe (docs/ARCHITECTURE.md). The autoencoder behind which the model is asked again learnt from pictures that the owner's eight did not see, and no stamp was made with it. The paper: .89 behind an unseen autoencoder with eight of its own, on Fashion-MNIST's 60,000 pictures; here there are 6,000. The preset was chosen on other pictures of Fashion-MNIST (`scripts/results pick`) and with seeds from 101 on, its first form on the sample with seed 101; what makes keys pass, on MNIST and Fashion-MNIST whole with autoencoders of the owner's left out. Seeds 61 to 63 were recorded before that (.589 ± .402 behind the autoencoder, commit 586f1c1), as were 71 to 73 of the first table below (.689 ± .234); seeds 64 to 66 after it with four autoencoders (.667 ± .577, commit b874edb: one of the three never passed). Since then there are eight, as in the paper.", ""]
    stamps = [(seed, read(f"penetrating-seed-{seed}")) for seed in STAMP_SEEDS]
    stamps = [(seed, d) for seed, d in stamps if d]
    if stamps:
        out += [f"{source([d for _, d in stamps])}", "", table([d for _, d in stamps], [f"seed {s}" for s, _ in stamps], figures=STAMP_FIGURES), ""]
    else:
        out += ["Not recorded yet.", ""]
    out += classifiers(read)
    out += barrier(read)
    (ROOT / "docs" / "RESULTS.md").write_text("\n".join(out))
