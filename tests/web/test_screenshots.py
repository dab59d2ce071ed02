"""The maker of the README's pictures, on the tiny account's desk."""

from __future__ import annotations

import struct
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import screenshots


@pytest.mark.browser
def test_both_pictures_are_taken_at_their_size(
    chromium_path: str, sim_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(screenshots, "NOTICES_MS", 50)
    # The tiny account has fewer phones than the demonstration.
    scenes = tuple(
        screenshots.Scene(place, words) for place, words in enumerate((("帮助", "我的"), ("轮值",)))
    )
    monkeypatch.setattr(screenshots, "SCENES", scenes)
    assert screenshots.main(["--url", sim_url, "--out", str(tmp_path)]) == 0
    for name, size in (("sim-desk.png", screenshots.DESK), ("sim-phone.png", screenshots.PHONE)):
        head = (tmp_path / name).read_bytes()[:24]
        assert struct.unpack(">II", head[16:24]) == size
    said = [
        line["bubble"]["text"]
        for phone in screenshots.state(sim_url)["phones"]
        for line in phone["lines"]
        if line["bubble"]["side"] == "own"
    ]
    assert sorted(said) == ["帮助", "我的", "轮值"]


def test_a_demonstration_that_ends_at_once_is_reported() -> None:
    with subprocess.Popen([sys.executable, "-c", "raise SystemExit(3)"]) as demo:
        demo.wait()
        with pytest.raises(screenshots.NoPictureError, match="exit code 3"):
            screenshots.wait_until_open("http://127.0.0.1:9", demo, seconds=5)
