//! Every sentence that a user of the window reads: fixed ones here, those of the widgets in `widgets`, those with names and numbers in
//! `phrases`, `numbers` and `verdicts`.
//!
//! Short sentences carry no full stop, several do; a button that asks for more ends in "…"; no Title Case.

mod images;
mod numbers;
mod phrases;
mod verdicts;
mod widgets;

pub use images::*;
pub use numbers::*;
pub use phrases::*;
pub use verdicts::*;
pub use widgets::*;

pub const APP: &str = "Countermark";
pub const UNTITLED: &str = "My project";
pub const SAMPLE_PROJECT: &str = "Sample project";

// Doors and steps.
pub const DOOR_PROTECT: &str = "Protect";
pub const DOOR_PROTECT_HINT: &str = "Put your logo into a model, invisibly";
pub const DOOR_INVESTIGATE: &str = "Investigate";
pub const DOOR_INVESTIGATE_HINT: &str = "Ask a suspect model whether it carries a mark. You need its file and a key package.";
pub const STEP_DATA: &str = "Data";
pub const STEP_LOGO: &str = "Logo";
pub const STEP_SCHEME: &str = "Scheme";
pub const STEP_TRAIN: &str = "Train";
pub const STEP_PROVE: &str = "Prove";
pub const STEP_REPORTS: &str = "Reports";
pub const MISSING_DATA_FOR_SCHEME: &str = "Choose a data set first. Its pictures decide what a mark can hide in";
pub const MISSING_LOGO_FOR_SCHEME: &str = "Choose a logo first. It is what the scheme hides";
pub const MISSING_DATA_FOR_TRAINING: &str = "Choose a data set first. The model learns from it";
pub const MISSING_LOGO_FOR_TRAINING: &str = "Choose a logo first. It is what the model learns to recognise";
pub const MISSING_SCHEME_FOR_TRAINING: &str = "Choose a scheme first. It decides how the logo is hidden";
pub const MISSING_MODEL_FOR_PROOF: &str = "Train a marked model first. With a key package at hand, use Investigate instead";
pub const MISSING_REPORTS: &str = "No report yet. Each proof leaves one here";

// Bars.
pub const DEVICE_STARTING: &str = "Looking for a device…";
pub const DEVICE_HINT: &str = "Trainings and proofs run on this device. Click to choose another";
pub const DEVICE_TITLE: &str = "What shall compute, from the next job on";
pub const DEVICE_NO_CARD: &str = "No graphics card answers, so the CPU computes. The card's driver needs its Vulkan part";
pub const HELP: &str = "Help";
pub const PROJECT_MENU: &str = "Project menu";
pub const PROJECT_NEW: &str = "New project…";
pub const PROJECT_OPEN: &str = "Open project…";
pub const PROJECT_RECENT: &str = "Recent projects";
pub const PROJECT_NO_RECENT: &str = "No other project yet";
pub const PROJECT_SAVED: &str = "All changes are saved";
pub const PROJECT_UNSAVED: &str = "Not saved. The folder cannot be written";
pub const RESET_LAYOUT: &str = "Reset layout";
pub const LAYOUT_RESET: &str = "The panels are back where they were";
pub const IDLE: &str = "Nothing is running";
pub const LOG: &str = "Log";
pub const LOG_EMPTY: &str = "Nothing has happened yet";
pub const PAUSE: &str = "Pause";
pub const RESUME: &str = "Resume";
pub const STOP: &str = "Stop";
pub const STOP_HINT: &str = "Saves where the training stands and ends it. You can continue later.";
pub const CANCEL: &str = "Cancel";
pub const CLOSE: &str = "Close";
pub const UNDO: &str = "Undo";
pub const REDO: &str = "Redo";
pub const COPY_DETAILS: &str = "Copy details";
pub const COPIED: &str = "Copied";
pub const PALETTE: &str = "Command palette";
pub const PALETTE_HINT: &str = "What do you want to do?";
pub const PALETTE_NONE: &str = "No command has these words";
pub const WHY: &str = "Why?";
pub const MORE: &str = "More";

// Dropping.
pub const DROP_HERE: &str = "Let go to see what this is";
pub const DROP_LOOKING: &str = "Looking at what you dropped…";
pub const DROP_MANY: &str = "That is too much to ask about at once. Drop the folder that holds it, or a few things at a time.";
pub const USE_IT: &str = "Use it";
pub const READING_LOST: &str = "Reading ended unexpectedly. Please try again; the log may say more.";
pub const BROWSE: &str = "Browse…";
pub const CHOOSE_DATA: &str = "Choose a data set";
pub const CHOOSE_LOGO: &str = "Choose a logo";
pub const CHOOSE_KEY: &str = "Choose a key package";
pub const CHOOSE_SUSPECT: &str = "Choose the suspect model";
pub const CHOOSE_PROJECT: &str = "Choose a project folder";
pub const CHOOSE_NEW_PROJECT: &str = "Choose an empty folder for the new project";
pub const CHOOSE_EXPORT: &str = "Save the report as";
pub const PATH_ANY: &str = "Path of a file or folder";
pub const PATH_PROJECT: &str = "Path of the project's folder";
pub const PATH_NEW_PROJECT: &str = "Path of an empty or new folder";
pub const PATH_EXPORT: &str = "Path of the file to write";
pub const PATH_REPLACES: &str = "There is a file of this name. It will be replaced.";
pub const OPEN: &str = "Open";
pub const CREATE: &str = "Create";
pub const SAVE: &str = "Save";

// Welcome.
pub const WELCOME: &str = "Put your logo into a model. Prove later that the model is yours";
pub const WELCOME_BODY: &str = "Countermark trains a model on your pictures so that it recognises an invisible form of your logo, and nobody else's model does. \
    A mark goes in while a model is trained: bring the pictures that yours has learnt from, and you get a new, marked model for the same task. \
    If you ever meet a copy, Countermark asks that copy a few hundred questions and tells you in words what the answers mean.";
pub const WELCOME_SAMPLE: &str = "Try it with the sample";
pub const WELCOME_SAMPLE_HINT: &str = "7,000 small pictures of clothes and a logo are built in. Nothing is downloaded.";
pub const WELCOME_INVESTIGATE: &str = "Check a suspect model";

// Data.
pub const DATA_TITLE: &str = "The pictures that your model learns from";
pub const DATA_DROP: &str = "Drop a data set here";
pub const DATA_CHOOSE: &str = "Choose a data set…";
pub const DATA_DROP_HINT: &str = "A folder with one folder for each class, a zip of it, MNIST-style idx files or CIFAR files";
pub const DATA_SAMPLE: &str = "Use the sample";
pub const DATA_PATH_HINT: &str = "or type the path of a file or folder";
pub const DATA_REPLACE: &str = "Choose other pictures";
pub const DATA_TRAIN_PART: &str = "To learn from";
pub const DATA_TEST_PART: &str = "To test with";
pub const DATA_ALL_CLASSES: &str = "All classes";
pub const DATA_BALANCE: &str = "Pictures in each class";
pub const DATA_NO_PROBLEMS: &str = "Every file could be read";
pub const DATA_SIZE: &str = "Size of each picture";
pub const SCHEMES_COMPARED: &str =
    "Older or simpler ways. Their keys are easy to see, to filter or to forge: they show what the schemes above are worth.";
pub const HOST_WIDTH: &str = "Width";
pub const HOST_WIDTH_DOC: &str = "How many channels the network has, compared with the published one. Narrow networks learn much faster and name somewhat fewer pictures rightly.";
pub const DATA_FORMAT: &str = "Recognised as";
pub const DATA_CLASSES: &str = "Classes";
pub const DATA_FROM: &str = "Read from";
pub const DATA_DIGEST: &str = "Fingerprint";
pub const DATA_COPY_PROBLEMS: &str = "Copy this list";
pub const DATA_OPENED: &str = "Opened as";
pub const DATA_SIDE: &str = "Size that the pictures are brought to";
pub const DATA_SIDE_USUAL: &str = "Usual size";
pub const DATA_SIDE_HINT: &str = "Usual size: the pictures stay as they are where networks take them, else they become 32x32. \
    Larger pictures show more and train more slowly.";
pub const DATA_CHANNELS: &str = "Grey or colour";
pub const DATA_CHANNELS_USUAL: &str = "Usual colours";
pub const DATA_CHANNELS_HINT: &str = "Usual colours: grey when every picture is grey, else colour. Colour wants 32x32 or 64x64.";
pub const DATA_SELECT: &str = "Click a picture to see it large. Ctrl+click two to compare them.";
pub const DATA_INSIDE: &str = "inside the program";

// Logo.
pub const LOGO_TITLE: &str = "The logo that is hidden";
pub const LOGO_DROP: &str = "Drop your logo here";
pub const LOGO_CHOOSE: &str = "Choose your logo…";
pub const LOGO_DROP_HINT: &str = "PNG, JPEG, WebP or SVG. Few strokes and strong contrast survive best";
pub const LOGO_PATH_HINT: &str = "or type the path of a picture";
pub const LOGO_SAMPLES: &str = "Logos to try it with";
pub const LOGO_OPTIONS: &str = "How it is placed";
pub const LOGO_BACKGROUND: &str = "Background";
pub const LOGO_FIT: &str = "Shape";
pub const LOGO_PADDING: &str = "Margin";
pub const LOGO_PADDING_HINT: &str = "Empty border around the logo, share of its side";
pub const LOGO_SEEN: &str = "What the network sees";
pub const LOGO_USED: &str = "used with your pictures";
pub const LOGO_DRAWING: &str = "Preparing the logo…";
pub const REPORT_WRITING: &str = "Writing a report";
pub const LOGO_LARGE: &str = "Your logo";
pub const LOGO_FINE: &str = "Enough of the logo remains at this size";

// Scheme.
pub const SCHEME_TITLE: &str = "How the logo is hidden";
pub const QUESTION_PROTECT: &str = "What do you protect?";
pub const QUESTION_FEAR: &str = "What do you fear most?";
pub const SCHEME_NEEDS: &str = "Needs";
pub const SCHEME_SURVIVES: &str = "Survives";
pub const SCHEME_FAILS: &str = "Does not survive";
pub const SCHEME_PICKED: &str = "Chosen";
pub const SCHEME_FITS: &str = "Fits your answers best";
pub const SCHEME_RECOMMENDED: &str = "Recommended";
pub const SCHEME_NONE: &str = "No scheme is available in this build";
pub const PRESET: &str = "How thorough";
pub const HOST: &str = "Model to train";
pub const OWNER: &str = "Owner's name";
pub const OWNER_HINT: &str = "as it shall stand in your claim";
pub const OWNER_MISSING: &str = "Your keys are derived from this name. Enter yours before you train for real.";
pub const ADVANCED: &str = "Advanced settings";
pub const ADVANCED_BODY: &str = "Every setting of the scheme. The preset has chosen sensible values.";
pub const RESET: &str = "Reset";
pub const SECRET_LABELS: &str = "secret";
pub const NO_FOLDER: &str = "no folder";
pub const NO_FILE: &str = "no file";
pub const CHOOSE_SETTING: &str = "Choose…";
pub const CHOOSE_NETWORK: &str = "Choose a network’s file";
pub const CHOOSE_PICTURES: &str = "Choose a folder of pictures";
pub const RESET_HINT: &str = "Back to the value of the preset";
pub const SEED: &str = "Random seed";
pub const SEED_DOC: &str = "Repeats a training exactly. The secret keys do not depend on it alone.";
pub const NULLS: &str = "Unmarked models as controls";
pub const NULLS_DOC: &str = "Models trained without your mark. If they know your keys too, the check fails honestly. At least 3.";
pub const FOREIGN: &str = "Other owners as controls";
pub const FOREIGN_DOC: &str =
    "Made-up owners with logos of their own, whose keys are made in the same way. The model should not react to them. At least 5.";
pub const SCHEME_NEXT: &str = "Continue to training";
pub const ESTIMATING: &str = "Measuring how long this takes here…";
pub const ESTIMATE_UNKNOWN: &str = "Measured here as soon as nothing else runs";
pub const SCHEME_TIME: &str = "Time on this machine";
pub const SCHEME_KEY_LATER: &str = "A real key of yours is shown here after the first training: what makes keys has to learn first.";
pub const SCHEME_KEY_DRAWN: &str = "A real key of yours, made of one of your pictures";
pub const SCHEME_KEY_OF_ITS_OWN: &str = "A real key of yours: a picture by itself, without a cover";
pub const NO_COVERS: &str = "Keys without covers";
pub const SCHEME_KEY_TRAINED: &str = "A real key of yours, from your latest training";

// Training.
pub const TRAIN_TITLE: &str = "Training";
pub const TRAIN_START: &str = "Start training";
pub const TRAIN_AGAIN: &str = "Train again";
pub const TRAIN_CONTINUE: &str = "Continue the training";
pub const TRAIN_BEGIN_ANEW: &str = "Begin anew";
pub const TRAIN_GIVEN_UP: &str = "The interrupted training is given up";
pub const TRAIN_TAKEN_UP: &str = "The interrupted training is back";
pub const UNDO_GIVING_UP: &str = "Undo giving up the training";
pub const TRAIN_UNFINISHED: &str = "A training was interrupted. It goes on from its last checkpoint.";
pub const TRAIN_FETCHING: &str = "Fetching the pictures and the logo that this training began with";
pub const TRAIN_READY: &str = "Everything is ready";
pub const TRAIN_IMPOSSIBLE: &str = "This plan cannot be trained";
pub const TRAIN_READY_BODY: &str = "The model learns to name your pictures and, secretly, to recognise your logo. Models without the mark are trained beside it: they are the controls that every proof is compared with. You may close the window at any time: the training continues from its last checkpoint.";
pub const TRAIN_WAITING_PICTURES: &str = "Pictures appear after the first steps";
pub const TRAIN_WAITING_CURVES: &str = "Curves appear after the first steps";
pub const TRAIN_CURVES_LOSS: &str = "What the networks still get wrong (loss)";
pub const TRAIN_CURVES_ACCURACY: &str = "What the model gets right";
pub const TRAIN_KEYS: &str = "Keys";
pub const TRAIN_PICTURES: &str = "Cover, key and what separates them";
pub const TRAIN_PICTURES_OF_THEIR_OWN: &str =
    "Each of these keys is a picture by itself, without a cover. The model learns a secret answer to each.";
pub const TRAIN_PICTURES_HINT: &str =
    "A cover is one of your pictures; its key carries your mark. The model learns a secret name for keys.";
pub const TRAIN_CHANGE: &str = "Change the plan";
pub const TRAIN_PROVE: &str = "Prove it";
pub const COVER: &str = "Cover";
pub const KEY: &str = "Key";
pub const DIFFERENCE_5: &str = "Difference x5";

// Prove.
pub const PROVE_TITLE: &str = "Is your mark in this model?";
pub const PROVE_KEY: &str = "Key package";
pub const PROVE_KEY_HINT: &str = "The secret file of a training (.cmkey)";
pub const PROVE_KEY_PATH: &str = "Path of the key package";
pub const PROVE_SUSPECT: &str = "Suspect model";
pub const PROVE_SUSPECT_HINT: &str = "The model in question (.safetensors)";
pub const PROVE_SUSPECT_PATH: &str = "Path of the suspect model";
pub const PROVE_USE_TRAINED: &str = "The model I just trained";
pub const PROVE_USE_TWIN: &str = "Its unmarked twin";
pub const PROVE_USE_KEY: &str = "The key I just made";
pub const PROVE_START: &str = "Ask the questions";
pub const PROVE_NONCE: &str = "Number for the new keys";
/// Why one would type it.
pub const PROVE_NONCE_WHY: &str = "A judge may name a number that picks the pictures of the new keys, so that nobody can choose them beforehand. \
    With the same number the same questions are asked again. Left empty, it is drawn by chance; the report names it.";
/// In the empty field.
pub const PROVE_NONCE_HINT: &str = "empty, unless a judge names one";
/// What is wrong with it.
pub const PROVE_NONCE_WRONG: &str =
    "The number for the new keys is a whole number from 0 to 18,446,744,073,709,551,615, without signs or spaces";
pub const PROVE_AGAIN: &str = "Check another model";
pub const PROVE_RUNNING: &str = "Asking the suspect…";
pub const PROVE_NEEDS_BOTH: &str = "Choose a key package and a suspect model";
pub const PROVE_NEEDS_KEY: &str = "Choose a key package";
pub const PROVE_NEEDS_SUSPECT: &str = "Choose a suspect model";
pub const CONTROLS: &str = "What the controls said";
pub const VERDICT: &str = "Verdict";
pub const FIGURES: &str = "Figures";
pub const QUESTIONS: &str = "Every question";
pub const QUESTIONS_NOT_KEPT: &str = "The pictures of the questions are not kept in this report";
pub const CAVEATS: &str = "What this does not say";
pub const FILTER_ALL: &str = "All";
pub const FILTER_HIT: &str = "Answered as marked";
pub const FILTER_MISS: &str = "Answered otherwise";
pub const FILTER_FRESH: &str = "New keys";

// Reports.
pub const REPORTS_TITLE: &str = "Reports of this project";
pub const REPORTS_EMPTY: &str = "Each proof leaves a report here. You can compare reports, export them and delete them.";
pub const REPORTS_READING: &str = "Reading…";
pub const REPORT_OPEN: &str = "Open";
pub const REPORT_EXPORT: &str = "Export as JSON…";
pub const REPORT_DELETE: &str = "Delete";
pub const REPORT_COMPARE: &str = "Side by side";
pub const REPORT_COMPARE_HINT: &str = "Tick two or more reports to see them side by side";

// Help.
pub const HELP_TITLE: &str = "How it works";
pub const HELP_PARAGRAPHS: [(&str, &str); 6] = [
    (
        "Protect",
        "Choose pictures, a logo and a scheme, then train. You get three files: the marked model to give away, a secret key package to keep, and an unmarked twin to compare with.",
    ),
    (
        "Prove",
        "Give a suspect model and your key package. Countermark asks the suspect your secret pictures, asks unmarked models the same, and says how likely the answers are by chance.",
    ),
    (
        "Mark images",
        "A barrier learns to hide your logo in pictures and to find it again. Mark pictures before you give them away; check pictures that you meet elsewhere. It needs no model of yours.",
    ),
    (
        "Cover and key",
        "A cover is an ordinary picture. A key is the same picture with your logo hidden in it. A marked model calls them differently; any other model does not.",
    ),
    (
        "Verdict",
        "“No evidence” does not say that a model is not yours. “The check failed” says that the controls reacted too, so the answers prove nothing.",
    ),
    (
        "Drop anything",
        "Drop a data set, a logo, a model, a key package or a barrier anywhere on the window. Countermark says what it is before it does anything.",
    ),
];
pub const SHORTCUTS: &str = "Keys";
pub const SHORTCUT_LIST: [(&str, &str); 8] = [
    ("Ctrl+K", "Command palette"),
    ("Ctrl+O", "Open a file"),
    ("Ctrl+Z", "Undo"),
    ("Ctrl+Shift+Z", "Redo"),
    ("Ctrl+1 to 6", "Go to the step with that number"),
    ("1 to 6", "Modes of the compare view"),
    ("F1", "This help"),
    ("Esc", "Close what lies on top"),
];

// Tabs.
pub const TAB_DATA: &str = "Data set";
pub const TAB_LOGO: &str = "Your logo";
pub const TAB_SCHEME: &str = "Schemes";
pub const TAB_TRAIN: &str = "Training";
pub const TAB_PROVE: &str = "Proof";
pub const TAB_REPORTS: &str = "All reports";

// Files and dialogs.
pub const ANY_FILE: &str = "Any file";
pub const PICTURE_FILE: &str = "Pictures";
pub const KEY_FILE: &str = "Key packages";
pub const MODEL_FILE: &str = "Models";
pub const REPORT_FILE: &str = "report.json";
pub const NO_DIALOG: &str = "This system showed no file dialog. Type the path instead, or drop the file onto the window.";
pub const CHOOSE_ANYTHING: &str = "Open a file";
pub const SHEET_BROKEN: &str = "its pictures do not belong to its questions";
pub const NO_PROJECT: &str = "No project is open";
pub const SAMPLE_OWNER: &str = "Sample owner";
pub const SAMPLE_LOGO_GONE: &str = "The project uses a built-in logo that this version does not have. Choose a logo again.";
pub const DATA_CHANGED: &str = "The data set has changed since this project used it last. A training now would not repeat the earlier one.";
pub const STOP_BEFORE_SWITCH: &str = "Stop the training first. Another project can be opened then.";
pub const WORKER_LOST: &str =
    "The worker that trains and proves has ended. Save nothing by hand: everything is saved. Please restart Countermark.";
pub const REPORT_LOST: &str = "The proof ended, but its report did not arrive. Please ask the questions again.";
pub const TRAIN_ALREADY: &str = "A training is under way already";
pub const PROVE_STOPPED: &str = "The questions were stopped. There is no verdict.";
pub const NOTHING_TO_UNDO: &str = "There is nothing to undo";
pub const NOTHING_TO_REDO: &str = "There is nothing to redo";

// What was dropped.
pub const OFFER_PROJECT_IS: &str = "A Countermark project.";
pub const OFFER_PROJECT: &str = "It will be opened instead of the present one, which is saved.";
pub const OFFER_KEY: &str = "It will be used to question a suspect model.";
pub const OFFER_SUSPECT: &str = "It will be the suspect that is asked for your mark.";
pub const OFFER_LOGO: &str = "It will be the logo that is hidden.";
pub const OFFER_DATA: &str = "Your model will learn from it.";
pub const OFFER_LATER: &str = "Countermark cannot use this yet. A later version will.";
pub const OFFER_NOTHING: &str = "Nothing is done with it.";
pub const OFFER_UNKNOWN: &str = "Nothing is done with it. Countermark takes pictures to learn from, logos (PNG, JPEG, WebP, SVG), \
    models (.safetensors), key packages (.cmkey) and image barriers (.cmbarrier).";

// Smaller words.
pub const WHITE: &str = "White";
pub const BLACK: &str = "Black";
pub const GREY: &str = "Grey";
pub const COLOUR: &str = "Colour";
pub const FIT_WHOLE: &str = "Show all of it";
pub const FIT_FILL: &str = "Fill the square";
pub const LOGO_INVERT: &str = "Swap light and dark";
pub const LOGO_REMOVE: &str = "Remove this logo";
pub const READING: &str = "Reading";
pub const GO_ON: &str = "Go to what comes first";
pub const NOT_CHOSEN: &str = "Not chosen yet";
pub const COMPARE: &str = "Compare…";
pub const QUEUE: &str = "Trained afterwards";
pub const QUEUE_HINT: &str =
    "Trains it after the chosen scheme, with the same pictures, logo and network and its usual settings, so that you can compare them.";
pub const QUEUE_BEGIN: &str = "Train the next one";
pub const COMPARED: &str = "Trainings of this project side by side";
pub const COMPARED_HINT: &str = "Train another scheme, network or preset, and both stand here side by side.";
pub const COMPARED_PICTURES: &str = "Cover and key";
pub const COMPARED_COST: &str = "Accuracy that the mark costs";
pub const COMPARED_SHOWN: &str = "Shown above";
pub const COMPARED_USE: &str = "Use this one";
pub const COMPARED_USE_HINT: &str = "Shows its figures and keys, and takes its model and key package for the proof.";
pub const KEYS: &str = "All keys";
pub const KEYS_AGAIN: &str = "Read them again";
pub const KEYS_LOOK: &str = "Look at all keys";
pub const KEYS_BACK: &str = "Back to the figures";
pub const KEYS_READING: &str = "Asking both models all keys";
pub const KEYS_NONE: &str = "No key is like that";
pub const KEYS_ALL_HINT: &str = "Every picture that the model was taught to answer secretly, beside the plain picture it was made of.";
pub const KEYS_HIT_HINT: &str = "Your model says what the mark asks for.";
pub const KEYS_MISS_HINT: &str = "Your model says something else.";
pub const KEYS_UNMARKED_TOO: &str = "Unmarked says so too";
pub const KEYS_UNMARKED_TOO_HINT: &str = "The model without a mark gives the secret answer as well: such a key proves nothing.";
pub const KEYS_ORDER: &str = "Order of the keys";
pub const KEYS_BY_PLACE: &str = "As they were chosen";
pub const KEYS_BY_LABEL: &str = "By secret answer";
pub const KEYS_BY_ANSWER: &str = "By the model's answer";
pub const KEYS_BY_CLARITY: &str = "Most visible marks first";
pub const KEYS_SELECT: &str = "Click a key to see it beside its cover, with what both models say";
pub const KEYS_SHEET: &str = "Save as a sheet…";
pub const KEYS_SHEET_HINT: &str = "One picture with all keys that are shown now, each beside its cover. Whoever sees it can train the mark away: keep it as secret as the key package.";
pub const KEYS_STAMPS: &str = "Stamps";
pub const KEYS_MODEL_SAYS: &str = "Your model says";
pub const KEYS_UNMARKED_SAYS: &str = "The unmarked model says";
pub const KEY_SHEET_FILE: &str = "keys.png";
pub const CHOOSE_KEY_SHEET: &str = "Save the sheet of keys as";
pub const COMPARE_SELECTED: &str = "Compare the two selected…";
pub const DEVICE: &str = "Device";
pub const TOOK: &str = "Took";
pub const MADE: &str = "Made";
pub const VERSION: &str = "Program version";
pub const FILES: &str = "Files";
pub const FILE_MODEL: &str = "Marked model, to give away";
pub const FILE_KEY: &str = "Key package, keep it secret";
pub const FILE_TWIN: &str = "Unmarked twin, for comparison";
pub const SIDE_DATA_EMPTY: &str = "What was found in your data set stands here.";
pub const SIDE_LOGO_EMPTY: &str = "A logo with few strokes and strong contrast survives best. Networks see it small.";
pub const SIDE_LOGO: &str =
    "The secret keys are derived from this picture, the owner's name and a random text. Another placement gives other keys.";
pub const SIDE_PROVE: &str = "The suspect is asked your keys, their covers without the mark, and keys with other people's marks. Unmarked models are asked the same keys, old and new. Only the suspect's answers to your keys may stand out.";

// The two questions about schemes.
pub const PROTECT_CLASSIFIER: &str = "A model that names pictures";
pub const PROTECT_IMAGES: &str = "Pictures";
pub const FEAR_COPY: &str = "Somebody uses a copy";
pub const FEAR_COPY_WHY: &str =
    "Every scheme finds a plain copy. The one that trains fastest stands first; the others also let you make new keys later.";
pub const FEAR_CLAIM: &str = "Somebody claims it as theirs";
pub const FEAR_CLAIM_WHY: &str =
    "Keys that are derived from your logo and name cannot be made up afterwards. The scheme that binds them most firmly stands first.";
pub const FEAR_FIND: &str = "Somebody finds the keys";
pub const FEAR_FIND_WHY: &str =
    "Invisible keys look like ordinary pictures and are hard to filter out. Schemes that hide their keys stand first.";
pub const FEAR_FILTER: &str = "Somebody filters the questions";
pub const FEAR_FILTER_WHY: &str = "A filter that redraws every picture before the copied model sees it (an autoencoder) wipes most marks off. Stamps that such filters give back stand first.";

// The compare view.
pub const COMPARE_SIDE_BY_SIDE: &str = "Side by side";
pub const COMPARE_SIDE_BY_SIDE_HINT: &str = "Both pictures beside each other, moved and enlarged together";
pub const COMPARE_SWIPE: &str = "Swipe";
pub const COMPARE_SWIPE_HINT: &str = "One picture over the other: drag the line between them";
pub const COMPARE_BLINK: &str = "Blink";
pub const COMPARE_BLINK_HINT: &str = "One picture after the other in the same place: what differs seems to move";
pub const COMPARE_DIFFERENCE: &str = "Difference";
pub const COMPARE_DIFFERENCE_HINT: &str = "What separates the two, made stronger: black where they are equal";
pub const COMPARE_HEAT: &str = "Heat map";
pub const COMPARE_HEAT_HINT: &str = "How much they differ at each place: dark for nothing, pale for much";
pub const COMPARE_CHANNEL: &str = "Channel";
pub const COMPARE_CHANNEL_HINT: &str = "Only the red, the green or the blue part of both";
pub const ZOOM_OUT: &str = "Zoom out";
pub const ZOOM_IN: &str = "Zoom in";
pub const ZOOM_FIT: &str = "Fit";
pub const ZOOM_FIT_HINT: &str = "As large as the window allows";
pub const SHARP_PIXELS: &str = "Sharp pixels";
pub const SHARP_PIXELS_HINT: &str = "Enlarged pixels stay squares instead of being blurred";

// Curves and figures.
pub const CURVE_HOST: &str = "Model";
pub const CURVE_ENCODER: &str = "Encoder (hides the logo)";
pub const CURVE_SHADOW: &str = "Autoencoders (as a thief's)";
pub const CURVE_DECOY: &str = "Made-up stamps of others";
pub const CURVE_STAMP: &str = "Stamps";
pub const PRESTAMP: &str = "Drawn to";
pub const PRESTAMP_HINT: &str = "Your logo, or a band of it: each stamp is drawn to another band.";
pub const STAMP: &str = "Stamp";
pub const STAMP_HINT: &str = "What is added to pictures: autoencoders give it back. Your logo is cut into it.";
pub const FILTERED: &str = "Behind a filter";
pub const CONTROLS_FILTERED: &str = "Behind a filter that redraws every picture";
pub const CURVE_CRITIC: &str = "Critic (looks for the logo)";
pub const CURVE_CLEAN: &str = "Plain pictures named rightly";
pub const CURVE_KEY: &str = "Keys recognised";
pub const CURVE_FRESH: &str = "New keys recognised";
pub const CURVE_COVER: &str = "Covers mistaken for keys";
pub const CURVE_PSNR: &str = "Likeness of cover and key (PSNR)";
pub const KEYS_UNMARKED: &str = "The same keys on an unmarked model";
pub const FIGURE_KEYS: &str = "Keys answered as marked";
pub const FIGURE_CHANCE: &str = "Could it be chance?";
pub const FIGURE_FRESH: &str = "New keys answered as marked";
pub const FIGURE_FRESH_CHANCE: &str = "Could that be chance?";
pub const FIGURE_RATE: &str = "Rate that chance is given";
/// The p-value after correction for several reports.
pub const FIGURE_ADJUSTED: &str = "Chance, corrected for several (Holm)";
/// The verdict after that correction.
pub const VERDICT_ADJUSTED: &str = "Verdict after that correction";
/// What picked the new keys.
pub const NONCE: &str = "Nonce of the new keys";
/// SHA-256 of the key package.
pub const PACKAGE_DIGEST: &str = "SHA-256 of the key package";
/// The null models' seeds.
pub const NULL_SEEDS: &str = "Seeds of the unmarked models";
pub const FIGURE_NULL: &str = "Unmarked models answer so in";
pub const FIGURE_TWIN: &str = "The same of unmarked models, on average";
pub const FIGURE_SSIM: &str = "Structure kept (SSIM)";
pub const FIGURE_LOG_P: &str = "Logarithm of the p-value";
pub const NO_FRESH: &str = "not with this label rule";
pub const FIGURE_FILTERED: &str = "Keys answered behind a filter";
pub const NOT_FILTERED: &str = "not asked with this scheme";
pub const QUESTION_EXPECTED: &str = "The mark makes a model say";
pub const QUESTION_ANSWER: &str = "The suspect said";
pub const QUESTION_COVER: &str = "To the plain cover it said";
pub const QUESTION_TRUE: &str = "What the picture shows";
pub const QUESTION_SELECT: &str = "Click a question to see its pictures and answers";
pub const STOPPED_TOAST: &str = "Stopped. You can continue from here at any time";

/// Why the compare view stays empty although there is a driver; `why` is what the driver said.
pub fn compare_refused(why: &str) -> String {
    let first = why.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    format!(
        "The compare view cannot draw with this graphics driver; everything else works on. Update the driver, or install a Vulkan one, and start again. The driver's answer: {first}"
    )
}
