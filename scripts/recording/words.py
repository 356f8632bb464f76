"""What docs/RESULTS.md says of each experiment, and the goals that its figures are held against."""

DROP = lambda d: 100 * (d["clean_accuracy_unmarked"] - d["clean_accuracy"])
FIGURES = [  # what, goal, value, whether the goal is met, how it is written
    ("verdict on the marked model", "in_this_model", lambda d: d["verdict"], lambda v: v == "in_this_model", str),
    ("verdict on the unmarked twin, which is no control", "none", lambda d: d["unmarked_verdict"], lambda v: v == "none", str),
    ("keys hit", ">= .95", lambda d: d["key_accuracy"], lambda v: v >= .95, "{:.3f}".format),
    ("same keys on unmarked models", "<= .20", lambda d: d["key_accuracy_unmarked"], lambda v: v <= .2, "{:.3f}".format),
    ("p-value of the keys, log10", "<= -9", lambda d: d["p_value_log10"], lambda v: v <= -9, "{:.1f}".format),
    ("plain covers called the key's label", "<= .10", lambda d: d["covers_hit"], lambda v: v <= .1, "{:.3f}".format),
    ("foreign encoders, the worst of five", "<= .40", lambda d: d["foreign_hit"], lambda v: v <= .4, "{:.3f}".format),
    ("foreign encoders on their own models, the worst", ">= .90", lambda d: min(e["key_accuracy"] for e in d["foreign_learnt"]), lambda v: v >= .9, "{:.3f}".format),
    ("fresh keys, p-value, log10", "<= -6", lambda d: d["fresh_p_value_log10"], lambda v: v <= -6, "{:.1f}".format),
    ("plain test pictures asked", "", lambda d: d["clean_questions"], lambda v: True, "{:.0f}".format),
    ("clean accuracy", "", lambda d: d["clean_accuracy"], lambda v: True, "{:.3f}".format),
    ("clean accuracy, 95% interval", "", lambda d: "{:.3f} to {:.3f}".format(*d["clean_interval"]), lambda v: True, str),
    ("clean accuracy, unmarked models", "", lambda d: d["clean_accuracy_unmarked"], lambda v: True, "{:.3f}".format),
    ("drop, points", "<= 1.5", DROP, lambda v: v <= 1.5, "{:.2f}".format),
    ("drop, 95% interval", "", lambda d: "{:.2f} to {:.2f}".format(*(100 * v for v in d["clean_drop_interval"])), lambda v: True, str),
    ("PSNR of the keys, dB", ">= 28", lambda d: d["psnr_db"], lambda v: v >= 28, "{:.1f}".format),
    ("SSIM of the keys", "", lambda d: d["ssim"], lambda v: True, "{:.3f}".format),
    ("seconds from start to verdict", "< 90", lambda d: d["seconds"], lambda v: v < 90, "{:.0f}".format),
    ("peak memory, MB", "<= 1500", lambda d: d["peak_rss_mb"], lambda v: v <= 1500, "{:.0f}".format),
]

BEHIND = lambda d, kind: [c["hits"] / c["questions"] for c in d["filtered"]["controls"] if c["kind"] == kind]
STAMP_FIGURES = [
    ("verdict on the marked model", "in_this_model", lambda d: d["verdict"], lambda v: v == "in_this_model", str),
    ("verdict on the unmarked twin, which is no control", "none", lambda d: d["unmarked_verdict"], lambda v: v == "none", str),
    ("keys hit", ">= .98", lambda d: d["key_accuracy"], lambda v: v >= .98, "{:.3f}".format),
    ("same keys on unmarked models", "<= .15", lambda d: d["key_accuracy_unmarked"], lambda v: v <= .15, "{:.3f}".format),
    ("plain covers called the key's label", "<= .10", lambda d: d["covers_hit"], lambda v: v <= .1, "{:.3f}".format),
    ("other people's stamps, the worst of five", "<= .40", lambda d: d["foreign_hit"], lambda v: v <= .4, "{:.3f}".format),
    ("fresh keys hit", "", lambda d: d["fresh_hits"] / d["fresh_questions"], lambda v: True, "{:.3f}".format),
    ("behind the autoencoder: keys hit", ">= .89", lambda d: d["filtered"]["keys"]["hits"] / d["filtered"]["keys"]["questions"], lambda v: v >= .89, "{:.3f}".format),
    ("behind it: same keys on unmarked models", "<= .15", lambda d: d["filtered"]["null_rate"], lambda v: v <= .15, "{:.3f}".format),
    ("behind it: plain covers", "<= .15", lambda d: BEHIND(d, "plain_covers")[0], lambda v: v <= .15, "{:.3f}".format),
    ("behind it: other people's stamps, the worst of five", "", lambda d: max(BEHIND(d, "foreign_encoder")), lambda v: True, "{:.3f}".format),
    ("behind it: clean accuracy", "", lambda d: d["filtered"]["clean_accuracy"], lambda v: True, "{:.3f}".format),
    ("clean accuracy", "", lambda d: d["clean_accuracy"], lambda v: True, "{:.3f}".format),
    ("clean accuracy, unmarked models", "", lambda d: d["clean_accuracy_unmarked"], lambda v: True, "{:.3f}".format),
    ("drop, points", "<= 1.5", DROP, lambda v: v <= 1.5, "{:.2f}".format),
    ("PSNR of the keys, dB", "", lambda d: d["psnr_db"], lambda v: True, "{:.1f}".format),
    ("seconds from start to verdict", "", lambda d: d["seconds"], lambda v: True, "{:.0f}".format),
    ("peak memory, MB", "<= 1500", lambda d: d["peak_rss_mb"], lambda v: v <= 1500, "{:.0f}".format),
]

BARRIER_TEXT = {
    "barrier-1": ("How visible, how sure", "Marked against unmarked pictures that the networks never saw: PSNR and SSIM; `nc`: correlation of the revealed logo with the owner's, without the mean; `success`: share of marked pictures whose revealed logo counts (nc above .95, at least three quarters of the contrast of the logo, and a lead over a white picture, in the mean of eight looks at it, mirrored and turned; where it does not count, in a second look at the softened picture, which must show .85 of the contrast); `unmarked_success` and `unmarked_most_nc`: the same of unmarked pictures, the share that passes wrongly and the highest correlation; `closer_success`: the share that passes of the middles of 250 unmarked pictures, enlarged twice: the networks learn from whole pictures of this size, and are asked about parts of larger ones as well; `foreign_success`: the share that passes of 250 made-up pictures, clouds, walls and pale photographs under grey and coloured grain; `jpeg_90` and `jpeg_75`: `success` of marked pictures that were saved as JPEG files of these qualities, one colour for two by two pixels. A mark that would not be found again, as it is or as a JPEG file of quality 90, is made up to twice as strong, and up to three times where it is not found as it is; the clarity counts that. The first stage of seed 53 began anew once, because what is to imitate the mark did not foresee enough of it (`most_unforeseen`). Before that was done its mark was a weak one (commit 38182a4): .792 in JPEG files of quality 75, .032 of the enlarged middles. Classical marks hide 64 bits and no logo: `success` is the share of marked pictures in which as many bits are right as chance gives once in a thousand million, `bit_accuracy` the share of right bits, .5 by chance."),
    "barrier-1-xrays": ("The same on X-rays", "Grey X-rays of chests; the protected network's work, to take the bones out, is done by a classical filter in its place. The paper's figures are of its own debone pictures. Clarity is lost where marks are made stronger because they would not be found in a JPEG file of quality 90. The next table is without that."),
    "barrier-1-xrays-lossless": ("The same on X-rays that stay in files without loss", "The same networks, whose marks are made stronger only where they would not be found as they are (setting `survives_jpeg` off): X-rays are seldom kept as JPEG files, and few of those would show the logo then."),
    "barrier-2": ("Thieves with other kinds of networks", "Each thief trains on inputs and marked outputs; `success` is the share of his pictures, for inputs that nobody trained on, in which the logo is found; `success_before` the same before the second stage; `psnr_db` how well his network does the task; `innocent_success` and `innocent_most_nc` the same network trained on unmarked pictures, in which nothing may be found. *augmented*: he crops, mirrors and turns his pairs, where the paper's scheme fails. *classical*: the same thief at a classical mark of 64 bits. Before weak first stages began anew (commit 71bbf25) thieves at seed 53's barrier gave .816 (CNet), .896 (Res9), .904 (Res16) and .912 (UNet), augmented .740 (UNet), .708 (CNet) and .804 (Res9)."),
    "barrier-3": ("Thieves with other losses", "All with a U-Net. Of the paper's debone task the two perceptual losses gave 86 to 88%, all others 100%. A thief who learns by the *perceptual* loss alone covers his pictures with fine checks, which a VGG does not see. What the second stage owes to what it was taught (seed 51): before it disturbed its pictures (commit b22721b) .756 of what the honest twin of *perceptual+adv* gave showed the logo; before it met strong patterns and hard photographs (commit 65bda4b) the *perceptual* thief's pictures showed it in .360; before they were also looked at softened (commit 46e7b82) in .892 of seed 51, .976 of seed 52 and none of seed 53, whose mark was a weak one; before such first stages began anew (commit 1dfbd90) in .724 of seed 53, and *perceptual+adv* in .860."),
    "barrier-ablation": ("What each part does", "One thing left out at a time. `thieves_success`: mean over two thieves, a U-Net, which knows where in the picture it is, and a plain CNet, which does not; `least_thief_success`: the worse of them; `innocent_success`: the worse of their honest twins, which must stay 0. Without disturbed pictures or a second stage pictures are not looked at softened, nor marks made firmer. *as in the paper*: one U-Net in the second stage, no honest twins, no imitation, no loss for what photographs hold of the mark, neither fine structure nor turned, disturbed, hard or foreign pictures."),
    "barrier-task-specific": ("One network for both", "The hiding network does the protected network's work as well; PSNR is against the unmarked output."),
}

CLEAR_AND_FOUND = {"psnr_db": (">= 38", lambda v: v >= 38), "ssim": (">= .97", lambda v: v >= .97), "nc": (">= .98", lambda v: v >= .98),
                   "success": ("1", lambda v: v >= 1), "unmarked_success": ("0", lambda v: v <= 0), "closer_success": ("0", lambda v: v <= 0), "foreign_success": ("0", lambda v: v <= 0)}
BARRIER_GOALS = {"barrier-1": CLEAR_AND_FOUND, "barrier-1-xrays": CLEAR_AND_FOUND, "barrier-1-xrays-lossless": CLEAR_AND_FOUND,
                 "barrier-3": {"success": (">= .90", lambda v: v >= .9), "success_before": ("near 0", lambda v: v <= .05), "innocent_success": ("0", lambda v: v <= 0)},
                 "barrier-2": {"success": (">= .90", lambda v: v >= .9), "success_before": ("near 0", lambda v: v <= .05), "innocent_success": ("0", lambda v: v <= 0)}}

CLASSIFIER_TEXT = {
    "penetrating-1": ("Five triggers before and behind an autoencoder", "Table 1 of the penetrating triggers' paper. `keys`: share of keys that the marked model answers as its owner wants; `keys_behind`: the same when an autoencoder redraws every question, one that learnt from pictures which the owner's did not see and that no key was made for; `unmarked`, `unmarked_behind`: the same of a model that was never marked, without which a hit behind an autoencoder proves nothing. The paper only says of the four other triggers that .11 to .21 come through. One of their models that does not learn its task is trained with other first weights. Labels follow from logo, owner and salt, not 0 and 7 as in the paper. The owner has four autoencoders here, half as many as the preset Quick gives him since."),
    "penetrating-1-paper": ("The same in the paper's form", "The preset Paper on MNIST and Fashion-MNIST whole: eight autoencoders that learn from two thirds of the 60,000 pictures, the thief's from the rest, stamps of 4,000 steps, the authors' loss and nothing beside it. Labels 0 and 7 are the paper's. The honest form is the mean over every label, with the spread over them: ten stamps of five models, two by two; labels other than 0 and 7 are dealt out to the seeds, and each has a row below. Keys are asked as a picture file holds them, that is clipped to black and white, which the paper's are not. As printed, the recipe makes nearly the same stamp twice, one that looks like a class of the data set: behind an autoencoder models name that class, marked or not."),
    "penetrating-1-whole": ("The same beyond the paper's form", "The preset Standard on MNIST and Fashion-MNIST whole, with the autoencoders of the paper's form: they learn until they no longer improve. What it adds to the paper is in docs/ARCHITECTURE.md. Labels are secret, and none is a class that unmarked models see in stamps. What makes keys pass was chosen with two of the owner's eight autoencoders left out, each time others, and never with the thief's; but seeds 81 to 83 are those of the table before (commit f112c66: .817 and .900), whose autoencoders, decoys, unmarked models and other triggers were taken over."),
    "penetrating-1-labels": ("The same beyond the paper's form, with every label", "The table above with labels that were not secret, which takes its autoencoders, decoys, unmarked models and other triggers: 0 and 7, the paper's, and every other class once, which are dealt out to the seeds as in the paper's form. Of the ten some are classes that unmarked models see in a stamp anyway, which secret labels never are. Two labels change places where unmarked models see them half as much then; `unmarked_behind` says where that was not enough. Before labels could change places (commit 5c732e3) Fashion-MNIST gave .900 behind, .170 unmarked behind, and .744 behind with the labels 0 and 7; where any smaller share was enough (commit aa23690, its file was not kept) .763, .190 and .861: that of two probes' shares at least half must be gone was decided after this had been seen. The next table is of pictures and seeds on which nothing was decided."),
    "penetrating-1-sample-labels": ("Every label on the sample", "The preset Quick, with eight autoencoders, on seeds that had not been used with chosen labels before."),
    "penetrating-2-paper": ("The same in the paper's form", "The first two, four, six and all of the eight autoencoders of the first table in the paper's form, with secret labels; one seed."),
    "penetrating-2-whole": ("The same beyond the paper's form", "The preset Standard with the same autoencoders; one seed."),
    "penetrating-3": ("Stamps made with one autoencoder, behind each", "Its table 3 sets owners' own autoencoders against each other; its figures are not known here. Each row: stamps made with one of the owner's autoencoders alone, and a model that knows them; `keys`: as they are, `behind_1` and so on: behind each of the owner's, `behind_unseen`: behind one that none of his knows of. On the diagonal stands the autoencoder that the stamps were made with."),
    "penetrating-2": ("Stamps made with more and fewer autoencoders", "Its table 2. `seconds_per_stamp` is the time in which all stamps were made, which learn together, divided by their number; `stamp_loss` the last loss."),
    "blind-effectiveness": ("The blind watermark in several hosts: how surely it is found", "`fresh`: keys made after the training; `worst_foreign`: the highest share of another owner's keys that the model answers as if they were its owner's."),
    "blind-fidelity": ("The blind watermark in several hosts: what it costs", ""),
    "blind-effectiveness-colour": ("The same on photographs", "On CIFAR-10, a part with 10,000 pictures to learn from and 2,000 to judge on (the files that `--colour` named). New keys follow from the class of their picture, so a model that names half of the pictures rightly cannot answer many more of them."),
    "blind-fidelity-colour": ("What it costs there", ""),
    "blind-effectiveness-vgg": ("The same in a VGG-11 of a quarter of the width", ""),
    "blind-fidelity-vgg": ("What it costs there", ""),
    "stego-2-colour": ("The same on photographs", "With plain covers beside the keys (commit 50e8f01): keys .987, drop 1.9 ± 1.5; with 600 keys instead of 300 (commit aa340a8) .984 and 1.8 ± .6. On a part of these training pictures that was kept for choosing the same preset lost nothing (seeds 101 to 103: keys .996, drop -.4 ± 1.1): of 2,000 pictures a point is 20."),
    "stego-5": ("DeepStego's keys, made by others with the same kind of network", "Three for each seed. They know the form of the owner's network, and his logo, but neither its weights nor his salt. `keys`: what the owner's model answers to their keys as if they were its owner's; `on_its_own_host`: what a model that was trained for them answers. The paper has no secret beside the network's weights."),
    "stego-5-colour": ("The same on photographs", "Recorded while plain covers were shown as well and with 600 keys (`--set show_covers=true --set keys=600 --set key_batch=14` now)."),
    "stego-transfer": ("Model and keys, carried to a fresh process", "Ten trainings. The model is written as safetensors and its keys as PNG, and another process, which knows nothing else, asks (`countermark ask`). `keys`: what the model answers in the process that has the key package, `keys_moved` in the other one, `same_answers`: share of equal answers, `unmarked_moved`: an unmarked model there. Recorded while plain covers were shown as well and with 600 keys (`--set show_covers=true --set keys=600 --set key_batch=14` now)."),
    "stego-2": ("DeepStego in several hosts", "Encoders of other owners that did not learn their own mark are no control; where none did, `worst_foreign` is empty. Plain covers were shown beside the keys before (seeds 71 to 73 as well, commit f3c6593: keys .982, drop 1.7 ± .9); that they cost accuracy was seen on other pictures of Fashion-MNIST with the seeds 101 to 104. So was what the number of keys costs (`countermark reproduce stego-2 --data FOLDER --seeds 101,102,103,104` on the pictures of `scripts/results pick`, 2026-11-27): 600 keys, 14 a step, keys .980 ± .014 and drop .9 ± .8; 300 keys, 10 a step, .994 ± .005 and .4 ± 1.0; 600 keys with `--set clarity=26` .998 ± .002 and .4 ± .6. On these seeds 600 keys (commit aa340a8) gave .989 ± .008 and a drop of 1.2 ± .3."),
}
CLASSIFIER_GOALS = {
    "penetrating-1": {"penetrating": {"keys": (">= .98", lambda v: v >= .98), "keys_behind": (">= .89", lambda v: v >= .89), "unmarked_behind": ("<= .15", lambda v: v <= .15)},
                      "": {"keys_behind": ("<= .30", lambda v: v <= .3)}},
    **{name: {**{f"{data}, penetrating, {what}": {"keys": (">= .98", lambda v: v >= .98), "keys_behind": (f">= {least}", lambda v, least=least: v >= least), "unmarked_behind": ("<= .15", lambda v: v <= .15)}
                            for data, least in (("fashion-mnist", .89), ("mnist", .94), ("Clothing sample", .89)) for what in ("labels 0 and 7", "mean over every label")},
                            **{f"label {label}": {} for label in range(10)}, "": {"keys_behind": ("<= .30", lambda v: v <= .3)}}
       for name in ("penetrating-1-paper", "penetrating-1-labels", "penetrating-1-sample-labels")},
    "penetrating-1-whole": {**{f"{data}, penetrating": {"keys": (">= .98", lambda v: v >= .98), "keys_behind": (f">= {least}", lambda v, least=least: v >= least), "unmarked_behind": ("<= .15", lambda v: v <= .15)}
                               for data, least in (("fashion-mnist", .89), ("mnist", .94))},
                            "": {"keys_behind": ("<= .30", lambda v: v <= .3)}},
    **{name: {"": {"seconds_per_stamp": ("<= 45", lambda v: v <= 45)}} for name in ("penetrating-2", "penetrating-2-paper", "penetrating-2-whole")},
    "blind-effectiveness": {"": {"keys": (">= .95", lambda v: v >= .95), "unmarked": ("<= .15", lambda v: v <= .15), "worst_foreign": ("<= .30", lambda v: v <= .3), "drop_points": ("<= 1", lambda v: v <= 1)}},
    "stego-5": {"the owner's encoder": {"keys": (">= .95", lambda v: v >= .95)}, "encoders of others": {"keys": ("<= .30", lambda v: v <= .3)}},
    "stego-transfer": {"": {"same_answers": ("1", lambda v: v >= 1), "unmarked_moved": ("<= .15", lambda v: v <= .15)}},
    "stego-2": {"": {"keys": (">= .95", lambda v: v >= .95), "unmarked": ("<= .15", lambda v: v <= .15), "worst_foreign": ("<= .30", lambda v: v <= .3), "drop_points": ("<= 1", lambda v: v <= 1)}},
}
