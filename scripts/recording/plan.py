"""Which experiments are recorded, and with which seeds."""
import pathlib, typing

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "results"
SEEDS = [41, 42, 43, 44, 45]
STAMP_SEEDS = [67, 68, 69]
BUILT_FROM = ["src", "shaders", "assets", "Cargo.toml", "Cargo.lock", ".cargo"]
BARRIER_SEEDS = "51,52,53"
CLASSIFIER_SEEDS = "71,72,73"
STAMP_TABLE_SEEDS = "74,75,76"
TRIALS = "71,72,73,74,75,76,77,78,79,80"
PAPER_SEEDS = "81,82,83"
class Made(typing.NamedTuple):
    """How a table of classifiers is made."""
    table: str
    data: str = ""  # the sample; "colour", or "digits" for MNIST and Fashion-MNIST whole
    host: str = ""  # the usual one
    seeds: str = CLASSIFIER_SEEDS
    preset: str = "quick"
    change: str = ""  # of a setting, NAME=VALUE
    every_label: bool = False  # instead of secret labels
CLASSIFIER_TABLES = {  # by the name of their file
    "penetrating-1": Made("penetrating-1", seeds=STAMP_TABLE_SEEDS, change="shadows=4"),
    "penetrating-1-paper": Made("penetrating-1", data="digits", seeds=PAPER_SEEDS, preset="paper"),
    "penetrating-1-whole": Made("penetrating-1", data="digits", seeds=PAPER_SEEDS, preset="standard", change="shadow_steps=40000"),
    "penetrating-1-labels": Made("penetrating-1", data="digits", seeds=PAPER_SEEDS, preset="standard", change="shadow_steps=40000", every_label=True),
    "penetrating-1-sample-labels": Made("penetrating-1", seeds=STAMP_TABLE_SEEDS, every_label=True),
    "penetrating-2": Made("penetrating-2", seeds=STAMP_TABLE_SEEDS),
    "penetrating-2-paper": Made("penetrating-2", data="digits", seeds="81", preset="paper"),
    "penetrating-2-whole": Made("penetrating-2", data="digits", seeds="81", preset="standard", change="shadow_steps=40000"),
    "penetrating-3": Made("penetrating-3", seeds=STAMP_TABLE_SEEDS),
    "blind-effectiveness": Made("blind-effectiveness"),
    "blind-fidelity": Made("blind-fidelity"),
    "blind-effectiveness-colour": Made("blind-effectiveness", data="colour", host="lenet5"),
    "blind-fidelity-colour": Made("blind-fidelity", data="colour", host="lenet5"),
    "blind-effectiveness-vgg": Made("blind-effectiveness", data="colour", host="vgg11:0.25", seeds="71"),
    "blind-fidelity-vgg": Made("blind-fidelity", data="colour", host="vgg11:0.25", seeds="71"),
    "stego-2": Made("stego-2"),
    "stego-2-colour": Made("stego-2", data="colour", host="lenet5"),
    "stego-5": Made("stego-5"),
    "stego-5-colour": Made("stego-5", data="colour", host="lenet5"),
    "stego-transfer": Made("stego-transfer", seeds=TRIALS),
}
MARKING = [("marking-1080p", "1080", "9"), ("marking-4k", "2160", "5")]
MAKING_SEED = "54"
class MadeOfPictures(typing.NamedTuple):
    """How a table of the image barrier is made."""
    table: str
    xrays: bool = False  # instead of photographs
    seeds: str = BARRIER_SEEDS
    change: str = ""
BARRIER_TABLES = {  # by the name of their file
    "barrier-1": MadeOfPictures("barrier-1"),
    "barrier-1-xrays": MadeOfPictures("barrier-1", xrays=True, seeds="51"),
    "barrier-1-xrays-lossless": MadeOfPictures("barrier-1", xrays=True, seeds="51", change="survives_jpeg=false"),
    "barrier-2": MadeOfPictures("barrier-2"),
    "barrier-3": MadeOfPictures("barrier-3"),
    "barrier-ablation": MadeOfPictures("barrier-ablation", seeds="51"),
    "barrier-task-specific": MadeOfPictures("barrier-task-specific", seeds="51"),
}
MNIST = ["--preset", "quick", "--set", "steps=5000"]
CHOICE = {"14 keys a step": [], "20 keys a step": ["key_batch=20"]}
CHOICE_SEEDS = [121, 122, 123, 124]
