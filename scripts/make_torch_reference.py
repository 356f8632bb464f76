#!/usr/bin/env python3
"""Makes tests/reference/torch.safetensors and torch.json with PyTorch: networks, what they answer, their gradients, optimiser steps.

    python3 -m venv /tmp/reference && /tmp/reference/bin/pip install torch numpy safetensors
    /tmp/reference/bin/python scripts/make_torch_reference.py

The layers are those of the papers, the parameter names those of the program. The weights of LeNet-5 and of the grey encoder are stored;
those of the larger networks come from a formula that tests/torch_reference.rs repeats. torch.json holds the networks of the image barrier
and the autoencoders; of a tensor with more than 64 numbers its length and its products with four lines of the formula's numbers.
"""

import json
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import nn

OUT = Path(__file__).resolve().parent.parent / "tests" / "reference" / "torch.safetensors"
torch.manual_seed(5)
stored, notes = {}, {"made_by": "scripts/make_torch_reference.py", "torch": torch.__version__}


def numbers(count, salt):
    """Numbers in [-1, 1] that look random, the same everywhere."""
    x = (np.arange(count, dtype=np.uint64) * np.uint64(2654435761) + np.uint64(salt * 97)) % np.uint64(2**32)
    x ^= x >> np.uint64(15)
    x = x * np.uint64(2246822519) % np.uint64(2**32)
    x ^= x >> np.uint64(13)
    return (x % np.uint64(2001)).astype(np.float64) / 1000.0 - 1.0


def pictures(*shape):
    return torch.tensor(numbers(int(np.prod(shape)), 0).astype(np.float32)).reshape(shape)


@torch.no_grad()
def fill(module):
    """Weights by formula, tensor by tensor in the order of their names."""
    state = {name: t for name, t in module.state_dict().items() if t.is_floating_point()}
    for k, (name, t) in enumerate(sorted(state.items())):
        u = numbers(t.numel(), k + 1)
        if name.endswith("running_var"):
            u = 1 + 0.5 * u
        elif name.endswith("weight") and t.dim() == 1:
            u = 1 + 0.2 * u
        elif t.dim() == 1 or name.endswith("bias"):
            u = 0.1 * u
        elif t.dim() == 3:  # linear layers of several nets, [nets, in, out]
            u = u * (3.0 / t.shape[1]) ** 0.5
        else:
            u = u * (3.0 / (t.numel() // t.shape[0])) ** 0.5
        t.copy_(torch.tensor(u.astype(np.float32)).reshape(t.shape))
    return module


class LeNet5(nn.Module):
    def __init__(self, side, classes):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 6, 5, 1, 2), nn.Conv2d(6, 16, 5, 1, 2)
        self.fc1, self.fc2, self.fc3 = nn.Linear(16 * (side // 4) ** 2, 120), nn.Linear(120, 84), nn.Linear(84, classes)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2).flatten(1)
        return self.fc3(F.relu(self.fc2(F.relu(self.fc1(x)))))


class PreBranch(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.first, self.first_norm = nn.ConvTranspose2d(channels, 3, 3, 1, 1), nn.BatchNorm2d(3)
        self.second, self.second_norm = nn.ConvTranspose2d(3, 3, 3, 1, 1), nn.BatchNorm2d(3)

    def forward(self, x):
        x = F.leaky_relu(self.first_norm(self.first(x)), 0.2)
        return F.leaky_relu(self.second_norm(self.second(x)), 0.2)


class ConvNorm(nn.Module):
    def __init__(self, i, o, kernel=3, stride=1):
        super().__init__()
        self.conv, self.norm = nn.Conv2d(i, o, kernel, stride, 1), nn.BatchNorm2d(o)

    def forward(self, x):
        return self.norm(self.conv(x))


class GreyEncoder(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.cover, self.logo = PreBranch(1), PreBranch(1)
        self.body = nn.ModuleList([ConvNorm(6, width), ConvNorm(width, width), ConvNorm(width, width)])
        self.last = nn.Conv2d(width, 1, 3, 1, 1)

    def forward(self, cover, logo):
        x = torch.cat([self.cover(cover), self.logo(logo)], 1)
        for layer in self.body:
            x = F.leaky_relu(layer(x), 0.01)
        return torch.tanh(self.last(x))


class ColourEncoder(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.cover, self.logo = PreBranch(3), PreBranch(3)
        ws = [min(width * 2**k, width * 8) for k in range(5)]
        self.down = nn.ModuleList([nn.Conv2d(6 if k == 0 else ws[k - 1], ws[k], 4, 2, 1, bias=False) for k in range(5)])
        self.down_norm = nn.ModuleList([nn.BatchNorm2d(ws[k]) for k in (1, 2, 3)])
        ups = [(ws[k] if k == 4 else 2 * ws[k], 3 if k == 0 else ws[k - 1]) for k in reversed(range(5))]
        self.up = nn.ModuleList([nn.ConvTranspose2d(i, o, 4, 2, 1) for i, o in ups])
        self.up_norm = nn.ModuleList([nn.BatchNorm2d(o) for _, o in ups[:4]])

    def forward(self, cover, logo):
        x, levels = torch.cat([self.cover(cover), self.logo(logo)], 1), []
        for k, layer in enumerate(self.down):
            x = layer(x if k == 0 else F.leaky_relu(x, 0.2))
            x = self.down_norm[k - 1](x) if 0 < k < 4 else x
            levels.append(x)
        for k, layer in enumerate(self.up):
            x = layer(F.relu(x if k == 0 else torch.cat([x, levels[4 - k]], 1)))
            x = self.up_norm[k](x) if k < 4 else x
        return torch.tanh(x)


class GreyCritic(nn.Module):
    def __init__(self, pixels):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(pixels, 64), nn.Linear(64, 32), nn.Linear(32, 1)])

    def forward(self, x):
        x = F.leaky_relu(self.layers[0](x.flatten(1)), 0.2)
        return self.layers[2](F.leaky_relu(self.layers[1](x), 0.2))


class ColourCritic(nn.Module):
    def __init__(self, side):
        super().__init__()
        plan = [(3, 8, 4, 2), (8, 16, 3, 1), (16, 32, 3, 1), (32, 16, 3, 1), (16, 8, 3, 1), (8, 3, 4, 2)]
        self.layers = nn.ModuleList([ConvNorm(*p) for p in plan])
        self.last = nn.Linear(3 * (side // 4) ** 2, 1)

    def forward(self, x):
        for layer in self.layers:
            x = F.relu(layer(x))
        return self.last(x.flatten(1))


class Block(nn.Module):
    def __init__(self, i, o, stride):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(i, o, 3, stride, 1, bias=False), nn.BatchNorm2d(o)
        self.conv2, self.bn2 = nn.Conv2d(o, o, 3, 1, 1, bias=False), nn.BatchNorm2d(o)
        self.shortcut = nn.Sequential()
        if stride != 1 or i != o:
            self.shortcut = nn.Sequential(nn.Conv2d(i, o, 1, stride, bias=False), nn.BatchNorm2d(o))

    def forward(self, x):
        return F.relu(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))) + self.shortcut(x))


class ResNet18(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 64, 3, 1, 1, bias=False), nn.BatchNorm2d(64)
        stage = lambda i, o, s: nn.Sequential(Block(i, o, s), Block(o, o, 1))
        self.layer1, self.layer2 = stage(64, 64, 1), stage(64, 128, 2)
        self.layer3, self.layer4 = stage(128, 256, 2), stage(256, 512, 2)
        self.linear = nn.Linear(512, classes)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        for layer in (self.layer1, self.layer2, self.layer3, self.layer4):
            x = layer(x)
        return self.linear(x.mean((2, 3)))


class Bottleneck(nn.Module):
    def __init__(self, i, inner, stride):
        super().__init__()
        o = 4 * inner
        self.conv1, self.bn1 = nn.Conv2d(i, inner, 1, bias=False), nn.BatchNorm2d(inner)
        self.conv2, self.bn2 = nn.Conv2d(inner, inner, 3, stride, 1, bias=False), nn.BatchNorm2d(inner)
        self.conv3, self.bn3 = nn.Conv2d(inner, o, 1, bias=False), nn.BatchNorm2d(o)
        self.shortcut = nn.Sequential()
        if stride != 1 or i != o:
            self.shortcut = nn.Sequential(nn.Conv2d(i, o, 1, stride, bias=False), nn.BatchNorm2d(o))

    def forward(self, x):
        inner = F.relu(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))))
        return F.relu(self.bn3(self.conv3(inner)) + self.shortcut(x))


class DeepResNet(nn.Module):
    """ResNet-34 (two convolutions a block) and ResNet-50 (three)."""

    def __init__(self, block, first, classes):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, first, 3, 1, 1, bias=False), nn.BatchNorm2d(first)
        channels, widened = first, 4 if block is Bottleneck else 1
        for place, count in enumerate([3, 4, 6, 3]):
            blocks = []
            for i in range(count):
                blocks.append(block(channels, first << place, 2 if i == 0 and place > 0 else 1))
                channels = widened * (first << place)
            setattr(self, f"layer{place + 1}", nn.Sequential(*blocks))
        self.linear = nn.Linear(channels, classes)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        for layer in (self.layer1, self.layer2, self.layer3, self.layer4):
            x = layer(x)
        return self.linear(x.mean((2, 3)))


class VggHost(nn.Module):
    """Torchvision's features with batch normalisation; its mean over places stands for its pooling. Nothing is left out here."""

    def __init__(self, convs, first, classes):
        super().__init__()
        layers, channels = [], 3
        for count, wider in zip(convs, (1, 2, 4, 8, 8)):
            for _ in range(count):
                layers += [nn.Conv2d(channels, wider * first, 3, padding=1), nn.BatchNorm2d(wider * first), nn.ReLU()]
                channels = wider * first
            layers.append(nn.MaxPool2d(2, 2))
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(nn.Dropout(0), nn.Linear(channels, 4 * first), nn.ReLU(), nn.Dropout(0), nn.Linear(4 * first, classes))

    def forward(self, x):
        return self.classifier(self.features(x).mean((2, 3)))


class UNet(nn.Module):
    def __init__(self, i, o, halvings, width):
        super().__init__()
        ws, low = [min(width * 2**k, width * 8) for k in range(halvings)], halvings - 1
        self.down = nn.ModuleList([nn.Conv2d(i if k == 0 else ws[k - 1], ws[k], 4, 2, 1, bias=False) for k in range(halvings)])
        self.down_norm = nn.ModuleList([nn.BatchNorm2d(ws[k]) for k in range(1, low)])
        ups = [(ws[k] if k == low else 2 * ws[k], o if k == 0 else ws[k - 1]) for k in reversed(range(halvings))]
        self.up = nn.ModuleList([nn.ConvTranspose2d(*pair, 4, 2, 1) for pair in ups])
        self.up_norm = nn.ModuleList([nn.BatchNorm2d(pair[1]) for pair in ups[:low]])

    def forward(self, x):
        levels, low = [], len(self.down) - 1
        for k, layer in enumerate(self.down):
            x = layer(x if k == 0 else F.leaky_relu(x, 0.2))
            x = self.down_norm[k - 1](x) if 0 < k < low else x
            levels.append(x)
        for k, layer in enumerate(self.up):
            x = layer(F.relu(x if k == 0 else torch.cat([x, levels[low - k]], 1)))
            x = self.up_norm[k](x) if k < low else x
        return x


class Hider(nn.Module):
    def __init__(self, halvings, width, residual):
        super().__init__()
        self.unet, self.residual = UNet(6, 3, halvings, width), residual

    def forward(self, x, logo):
        raw = self.unet(torch.cat([x, logo], 1))
        return (x + 0.1 * torch.tanh(raw)).clamp(0, 1) if self.residual else torch.sigmoid(raw)


class ConvInstance(nn.Module):
    def __init__(self, i, o, stride=1, dilation=1):
        super().__init__()
        self.conv, self.norm = nn.Conv2d(i, o, 3, stride, dilation, dilation), nn.InstanceNorm2d(o, affine=True)

    def forward(self, x):
        return self.norm(self.conv(x))


class DilatedBlock(nn.Module):
    def __init__(self, width, dilation):
        super().__init__()
        self.first, self.second = ConvInstance(width, width, 1, dilation), ConvInstance(width, width, 1, dilation)

    def forward(self, x):
        return F.relu(x + self.second(F.relu(self.first(x))))


class Revealer(nn.Module):
    def __init__(self, w):
        super().__init__()
        self.head = nn.ModuleList([ConvInstance(3, w), ConvInstance(w, w), ConvInstance(w, w, 2)])
        self.blocks = nn.ModuleList([DilatedBlock(w, d) for d in (2, 2, 2, 2, 4, 4, 4, 4, 1)])
        self.up, self.up_norm = nn.ConvTranspose2d(w, w, 4, 2, 1), nn.InstanceNorm2d(w, affine=True)
        self.tail, self.last = ConvInstance(w, w), nn.Conv2d(w, 3, 1)

    def forward(self, x):
        for layer in self.head:
            x = F.relu(layer(x))
        for block in self.blocks:
            x = block(x)
        x = F.relu(self.up_norm(self.up(x)))
        return F.relu(self.last(F.relu(self.tail(x))))


class PatchCritic(nn.Module):
    def __init__(self, w):
        super().__init__()
        ws = [3, w, 2 * w, 4 * w, 8 * w]
        self.layers = nn.ModuleList([nn.Conv2d(i, o, 3, 2, 1) for i, o in zip(ws, ws[1:])])
        self.norms = nn.ModuleList([nn.InstanceNorm2d(o) for o in ws[2:]])
        self.last = nn.Conv2d(ws[-1], 1, 3, 1, 1)

    def forward(self, x):
        for k, layer in enumerate(self.layers):
            x = layer(x)
            x = F.leaky_relu(x if k == 0 else self.norms[k - 1](x), 0.2)
        return self.last(x)


class Vgg(nn.Module):
    """Torchvision's layers up to conv2_2 with the weights that the program brings, which want 0 to 255 less the mean of their pictures."""

    def __init__(self, mean, gain):
        super().__init__()
        conv = lambda i, o: (nn.Conv2d(i, o, 3, padding=1), nn.ReLU())
        self.features = nn.Sequential(*conv(3, 64), *conv(64, 64), nn.MaxPool2d(2, 2), *conv(64, 128), *conv(128, 128))
        weights = load_file(OUT.parents[2] / "assets" / "vgg" / "vgg16.safetensors")
        self.load_state_dict({n: weights[n].float() for n in self.state_dict()})
        self.mean, self.gain = (torch.tensor(values).reshape(1, 3, 1, 1) for values in (mean, gain))

    def forward(self, x):
        return self.features((x.expand(-1, 3, -1, -1) - self.mean) * self.gain)


class Stack(nn.Module):
    def __init__(self, nets, i, o):
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.zeros(nets, i, o)), nn.Parameter(torch.zeros(nets, 1, o))


class Autoencoders(nn.Module):
    """Each net computed by itself, as the paper's code does."""

    def __init__(self, nets, widths):
        super().__init__()
        self.layers = nn.ModuleList([Stack(nets, i, o) for i, o in zip(widths, widths[1:])])

    def forward(self, x):
        return torch.stack([self.one(k, x) for k in range(len(self.layers[0].weight))])

    def one(self, k, x):
        for layer in self.layers:
            x = F.linear(x, layer.weight[k].T, layer.bias[k, 0])
            x = torch.sigmoid(x) if layer is self.layers[-1] else torch.tanh(x)
        return x


def count(name, module):
    notes[f"parameters.{name}"] = str(sum(p.numel() for p in module.parameters()))


def ask(name, module, *inputs, gradients=False, statistics=False):
    """Stores what the module answers while learning and afterwards, and if asked gradients of the sum of output * formula."""
    module.eval()
    with torch.no_grad():
        stored[f"{name}.answer"] = module(*inputs)
    module.train()
    out = module(*inputs)
    stored[f"{name}.learning"] = out.detach()
    if statistics:
        stored.update({f"{name}.after.{n}": t for n, t in module.state_dict().items() if "running" in n})
    if gradients:
        (out * torch.tensor(numbers(out.numel(), 1).astype(np.float32)).reshape(out.shape)).sum().backward()
        stored.update({f"{name}.gradient.{n}": p.grad for n, p in module.named_parameters()})


def optimiser(name, make):
    """Five steps on a loss whose gradient is known: sum of value * weight + value^3."""
    value = torch.tensor(numbers(6, 2).astype(np.float32), requires_grad=True)
    weight = torch.tensor(numbers(6, 3).astype(np.float32))
    rule = make([value])
    for _ in range(5):
        rule.zero_grad()
        (value * weight + value**3).sum().backward()
        rule.step()
    stored[f"{name}.value"] = value.detach()


lenet, grey = LeNet5(8, 3), fill(GreyEncoder(4))
for name, module in [("lenet5", lenet), ("grey_encoder", grey)]:
    stored.update({f"{name}.{n}": t.clone() for n, t in module.state_dict().items()})
ask("lenet5", lenet, pictures(5, 1, 8, 8), gradients=True)
ask("grey_encoder", grey, pictures(4, 1, 8, 8), pictures(4, 1, 8, 8).flip(0), gradients=True, statistics=True)
ask("colour_encoder", fill(ColourEncoder(4)), pictures(3, 3, 32, 32), pictures(3, 3, 32, 32).flip(0))
ask("grey_critic", fill(GreyCritic(64)), pictures(4, 1, 8, 8))
ask("colour_critic", fill(ColourCritic(16)), pictures(4, 3, 16, 16))
ask("resnet18", fill(ResNet18(10)), pictures(4, 3, 16, 16))
optimiser("sgd", lambda p: torch.optim.SGD(p, 0.1, 0.9, weight_decay=5e-4))
optimiser("adam", lambda p: torch.optim.Adam(p, 1e-3, (0.5, 0.999)))
for name, module in [("lenet5", LeNet5(28, 10)), ("resnet18", ResNet18(10)), ("grey_encoder", GreyEncoder(64)),
                     ("colour_encoder", ColourEncoder(64)), ("grey_critic", GreyCritic(784)), ("colour_critic", ColourCritic(32))]:
    count(name, module)
save_file({n: t.contiguous() for n, t in stored.items()}, OUT, notes)
print(notes, OUT.stat().st_size, "bytes")

small = {"torch": torch.__version__, "parameters": {}, "tensors": {}}


def digest(name, t):
    """All numbers of a small tensor; of a larger one its length and its products with the formula's numbers."""
    flat = t.detach().double().flatten().numpy()
    lines = [flat @ numbers(flat.size, salt) for salt in (11, 12, 13, 14)]
    values = flat if flat.size <= 64 else [np.sqrt(flat @ flat), *lines]
    small["tensors"][name] = [float(f"{v:.8g}") for v in values]


def ask_small(name, module, *inputs):
    """The answer after training, then in training, then the gradients of the sum of output * formula, of weights and first input."""
    module.eval()
    with torch.no_grad():
        digest(f"{name}.answer", module(*inputs))
    module.train()
    first = inputs[0].clone().requires_grad_()
    out = module(first, *inputs[1:])
    digest(f"{name}.learning", out)
    (out * torch.tensor(numbers(out.numel(), 1).astype(np.float32)).reshape(out.shape)).sum().backward()
    digest(f"{name}.gradient", first.grad)
    for n, p in module.named_parameters():
        digest(f"{name}.gradient.{n}", p.grad)


def unit(*shape):
    """Pixel values in [0, 1]."""
    return (pictures(*shape) + 1) / 2


ask_small("hider", fill(Hider(4, 2, False)), unit(3, 3, 32, 16), unit(3, 3, 32, 16).flip(0))
ask_small("residual_hider", fill(Hider(5, 2, True)), unit(3, 3, 32, 64), unit(3, 3, 32, 64).flip(0))
ask_small("revealer", fill(Revealer(4)), unit(2, 3, 20, 14))
ask_small("patch_critic", fill(PatchCritic(2)), unit(2, 3, 36, 20))
ask_small("autoencoders", fill(Autoencoders(3, [12, 8, 5, 2, 5, 8, 12])), unit(4, 12))

caffe = Vgg([122.67892 / 255, 116.66877 / 255, 104.00699 / 255], [255.0] * 3)
torchvision = Vgg([0.485, 0.456, 0.406], [1 / 0.229, 1 / 0.224, 1 / 0.225])
for name, net, shape in [("vgg", caffe, (2, 3, 12, 10)), ("grey_vgg", caffe, (2, 1, 9, 7)), ("torchvision_vgg", torchvision, (2, 3, 12, 10))]:
    first = unit(*shape).requires_grad_()
    out = net(first)
    digest(f"{name}.features", out)
    (out * torch.tensor(numbers(out.numel(), 1).astype(np.float32)).reshape(out.shape)).sum().backward()
    digest(f"{name}.gradient", first.grad)

nets, carriers = fill(Autoencoders(3, [12, 8, 5, 2, 5, 8, 12])), unit(4, 12)
stamp = ((torch.tensor(numbers(12, 7).astype(np.float32)) + 1) / 2).requires_grad_()
loss = ((nets(carriers + stamp) - stamp) ** 2).sum() / 12
loss.backward()
digest("stamp.loss", loss)
digest("stamp.gradient", stamp.grad)
VGGS = {"vgg11": (1, 1, 2, 2, 2), "vgg13": (2, 2, 2, 2, 2), "vgg16": (2, 2, 3, 3, 3), "vgg19": (2, 2, 4, 4, 4)}
for name, convs in VGGS.items():
    ask_small(name, fill(VggHost(convs, 3, 10)), unit(4, 3, 64, 32))
ask_small("resnet34", fill(DeepResNet(Block, 3, 10)), unit(3, 3, 16, 24))
# With other sides PyTorch's own gradients in single and double precision are 1% apart here: a rectifier that stands on its edge.
ask_small("resnet50", fill(DeepResNet(Bottleneck, 3, 10)), unit(5, 3, 16, 16))
for name, module in [*((name, VggHost(convs, 64, 10)) for name, convs in VGGS.items()), ("resnet34", DeepResNet(Block, 64, 10)),
                     ("resnet50", DeepResNet(Bottleneck, 64, 10))]:
    small["parameters"][name] = sum(p.numel() for p in module.parameters())
for name, module in [("hider", Hider(7, 64, False)), ("revealer", Revealer(128)), ("patch_critic", PatchCritic(64)),
                     ("autoencoders", Autoencoders(1, [784, 512, 256, 128, 3, 128, 256, 512, 784]))]:
    small["parameters"][name] = sum(p.numel() for p in module.parameters())
lines = ",\n".join(f"  {json.dumps(n)}: {json.dumps(v)}" for n, v in small["tensors"].items())
head = f'"torch": {json.dumps(small["torch"])},\n"parameters": {json.dumps(small["parameters"])}'
OUT.with_suffix(".json").write_text(f'{{\n{head},\n"tensors": {{\n{lines}\n}}\n}}\n')
print(OUT.with_suffix(".json").stat().st_size, "bytes")
