"""The report: what it takes from the tables, and that the page is whole and safe by itself."""

import base64
import hashlib
import html.parser
import importlib.resources
import json
import pathlib
import re
import shutil

import numpy as np
import pyarrow as pa
import pytest
from tables_on_disk import (
    MODEL,
    SCORED_AT,
    emotion_table,
    failure_row,
    moment_row,
    recording_row,
    write_night,
    write_table,
    write_tables,
)

from pipelines import rows
from pipelines.report import data, job, page, people, timelines
from tfrecords.errors import JobError
from tfrecords.labels import LABELS

HOSTILE = "/in/</script><script>document.title='gone'</script><!--&\"'\u2028ñ.mp4"
NONE = np.zeros((0, len(LABELS)))


def shares(**emotions: float) -> np.ndarray:
    """Returns one row of probabilities, [1, 7], of the emotions named."""
    return np.array([[emotions.get(label, 0.0) for label in LABELS]])


class Reader(html.parser.HTMLParser):
    """Collects the texts of scripts and styles, and what the elements refer to."""

    def __init__(self, text: str):
        super().__init__()
        self.texts: dict[str, str] = {}
        self.links: list[str] = []
        self.policy = ""
        self._current = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        named = dict(attributes)
        self._current = named.get("id") or tag
        self.links += [value or "" for name, value in attributes if name in ("src", "href")]
        if named.get("http-equiv") == "Content-Security-Policy":
            self.policy = named["content"] or ""

    def handle_data(self, text: str) -> None:
        self.texts[self._current] = self.texts.get(self._current, "") + text

    def handle_endtag(self, tag: str) -> None:
        self._current = ""


@pytest.fixture
def call(tmp_path) -> pathlib.Path:
    """Tables of one call: a person seen twice, another once, a moment, a failure."""
    calm, angry = shares(neutral=1), shares(angry=0.6, neutral=0.4)
    write_tables(
        tmp_path,
        emotions=[
            emotion_table("/in/a.mp4", 4, np.array([1000, 1500]), np.concatenate([angry, calm])),
            emotion_table("/in/a.mp4", 2, np.array([500]), calm),
        ],
        recordings=[recording_row("/in/a.mp4", 2000, np.concatenate([angry, calm, calm]))],
        moments=[moment_row("/in/a.mp4", 4, 1000, 1500, "angry")],
        failures=[failure_row("/in/b.mp4", time_ms=7)],
    )
    return tmp_path


def test_collects_totals_recordings_people_and_moments(call):
    assert data.collect(str(call)) == {
        "tables": str(call),
        "model": MODEL,
        "scored_at": SCORED_AT.isoformat(timespec="seconds"),
        "labels": list(LABELS),
        "negative": ["angry", "disgust", "fear", "sad"],
        "totals": {
            "recordings": 1,
            "duration_ms": 2000,
            "faces": 3,
            "people": 2,
            "moments": 1,
            "failures": 1,
        },
        "recordings": [
            {
                "source": "/in/a.mp4",
                "member": None,
                "media": "video",
                "duration_ms": 2000,
                "frames_scored": 4,
                "faces": 3,
                "dominant": "neutral",
                "means": [0.2, 0, 0, 0, 0.8, 0, 0],
                "negative": 0.2,
                "people": 2,
                "moments": [
                    {
                        "track": 4,
                        "person": 2,
                        "start_ms": 1000,
                        "end_ms": 1500,
                        "emotion": "angry",
                        "mean": 0.62,
                        "peak": 0.91,
                    }
                ],
                "moments_ms": 500,
                "tracks": [
                    {
                        "track": 2,
                        "person": 1,
                        "steps_ms": [500],
                        "shares": _packed([0, 0, 0, 0, 255, 0, 0]),
                    },
                    {
                        "track": 4,
                        "person": 2,
                        "steps_ms": [1000, 500],
                        "shares": _packed([153, 0, 0, 0, 0, 0, 0, 0, 102, 255, 0, 0, 0, 0]),
                    },
                ],
            }
        ],
        "failures": {
            "reasons": [{"stage": "decode", "error": "ImageError", "count": 1}],
            "rows": [failure_row("/in/b.mp4", time_ms=7) | {"member": None}],
        },
    }


def _packed(values: list[int]) -> str:
    return base64.b64encode(bytes(values)).decode()


def test_recordings_come_in_order_of_need(tmp_path):
    write_tables(
        tmp_path,
        recordings=[
            recording_row("sadder", 1, shares(sad=0.9, happy=0.1)),
            recording_row("nobody", 1, NONE),
            recording_row("short", 1, shares(happy=1)),
            recording_row("two", 1, shares(happy=1)),
            recording_row("long", 1, shares(happy=1)),
            recording_row("sad", 1, shares(sad=0.6, happy=0.4)),
        ],
        moments=[
            moment_row("short", 0, 0, 10, "sad"),
            moment_row("two", 0, 0, 1, "sad"),
            moment_row("two", 0, 5, 6, "sad"),
            moment_row("long", 0, 0, 11, "sad"),
        ],
    )
    ordered = [recording["source"] for recording in data.collect(str(tmp_path))["recordings"]]
    assert ordered == ["two", "long", "short", "sadder", "sad", "nobody"]


def test_recordings_in_archives_are_told_apart(tmp_path):
    clips = ["a.mp4", "b.mp4"]
    write_tables(
        tmp_path,
        recordings=[recording_row("c.zip", 1, shares(sad=1), member=name) for name in clips],
        moments=[moment_row("c.zip", 0, 0, 1, "sad") | {"member": "b.mp4"}],
    )
    found = data.collect(str(tmp_path))["recordings"]
    assert [(row["member"], len(row["moments"])) for row in found] == [("b.mp4", 1), ("a.mp4", 0)]


def test_photos_have_a_row_and_no_people(tmp_path):
    photo = rows.from_rows(
        "emotions",
        [
            {"source": "a.png", "face": 0, "emotion": "sad", "confidence": 1.0, "model": MODEL}
            | dict(zip(LABELS, shares(sad=1)[0].tolist(), strict=True))
        ],
    )
    write_tables(
        tmp_path, emotions=[photo], recordings=[recording_row("a.png", None, shares(sad=1))]
    )
    collected = data.collect(str(tmp_path))
    assert collected["totals"]["people"] == 0
    assert collected["recordings"][0]["tracks"] == []


def test_page_is_about_the_model_that_scored_last(tmp_path):
    older = {"model": "old", "scored_at": SCORED_AT.replace(year=2020)}
    write_tables(
        tmp_path,
        recordings=[
            recording_row("a.mp4", 1, shares(sad=1), **older),
            recording_row("a.mp4", 1, shares(happy=1)),
        ],
    )
    collected = data.collect(str(tmp_path))
    assert collected["model"] == MODEL
    assert [row["dominant"] for row in collected["recordings"]] == ["happy"]


def test_what_is_left_out_is_the_least_telling_and_is_counted(tmp_path):
    busy = range(people.MOST_PEOPLE + 2)
    write_tables(
        tmp_path,
        emotions=[  # a later track is seen longer; the first has a moment
            emotion_table(
                "busy", track, np.arange(track + 1), np.tile(shares(sad=1), (track + 1, 1))
            )
            for track in busy
        ],
        recordings=[recording_row("busy", 99, shares(sad=1))]
        + [recording_row(f"{i}", 1, shares(happy=1)) for i in range(data.MOST_RECORDINGS)],
        moments=[moment_row("busy", 0, 0, 1, "sad")],
        failures=[failure_row(f"{i}") for i in range(data.MOST_FAILURES + 1)],
    )
    collected = data.collect(str(tmp_path))
    recordings = collected["recordings"]
    assert len(recordings) == data.MOST_RECORDINGS
    assert collected["totals"]["recordings"] == data.MOST_RECORDINGS + 1
    drawn = [(track["track"], track["person"]) for track in recordings[0]["tracks"]]
    assert drawn == [(track, track + 1) for track in busy if track not in (1, 2)]
    assert recordings[0]["people"] == len(busy)
    assert len(collected["failures"]["rows"]) == data.MOST_FAILURES
    assert collected["totals"]["failures"] == data.MOST_FAILURES + 1


@pytest.mark.parametrize("absent", ["emotions", "recordings", "moments", "failures"])
def test_absent_table_is_empty(call, absent):
    shutil.rmtree(call / absent)
    collected = data.collect(str(call))
    zero = {"emotions": "people", "recordings": "faces", "moments": "moments"}
    assert collected["totals"][zero.get(absent, "failures")] == 0
    page.render(collected, "en")


@pytest.mark.parametrize("name", ["plain", "of march", "a%20b", "ñ?#"])
def test_folder_may_be_a_uri_with_any_name(tmp_path, name):
    write_table(tmp_path / name, "failures", rows.from_rows("failures", [failure_row("a")]))
    assert data.collect(f"file://{tmp_path}/{name}/")["totals"]["failures"] == 1


def test_half_written_files_are_not_read(call):
    (call / "failures" / ".00009.parquet-1.incomplete").write_bytes(b"PAR1")
    (call / "failures" / ".hidden.parquet").write_bytes(b"PAR1")
    assert data.collect(str(call))["totals"]["failures"] == 1


def test_folder_without_tables_is_refused(tmp_path):
    with pytest.raises(JobError) as caught:
        data.collect(str(tmp_path / "no"))
    assert str(caught.value) == (
        f"{tmp_path}/no has none of the tables emotions, recordings, moments, failures; "
        f"make them with `semblante score SOURCE --output {tmp_path}/no`"
    )


def test_broken_file_is_explained(call):
    (call / "failures" / "00000.parquet").write_bytes(b"not Parquet")
    with pytest.raises(JobError, match=f"cannot read the tables in {call}: .*score into a new"):
        data.collect(str(call))


def test_missing_column_is_explained(tmp_path):
    write_table(tmp_path, "failures", pa.table({"source": ["a"], "stage": ["read"]}))
    with pytest.raises(JobError, match="failures has no column error, member, message, time_ms"):
        data.collect(str(tmp_path))


def test_long_timeline_is_thinned_and_keeps_its_mean(tmp_path, generator):
    count = 7000
    probabilities = generator.dirichlet(np.ones(len(LABELS)), count)
    times = np.arange(count) * 500 + 3
    table = emotion_table("a", 0, times, probabilities)
    (timeline,) = _thin(table, batch=512).values()
    points, means = timeline.points()
    assert len(points) == timelines.MOST_POINTS
    assert (np.diff(points) > 0).all()
    np.testing.assert_allclose(means.mean(axis=0), probabilities.mean(axis=0), atol=1e-3)
    np.testing.assert_allclose(means.sum(axis=1), 1, atol=1e-6)


@pytest.mark.parametrize("count", [1, 2, 299, 300])
def test_short_timeline_keeps_every_frame(count, generator):
    probabilities = generator.dirichlet(np.ones(len(LABELS)), count)
    (timeline,) = _thin(emotion_table("a", 0, np.arange(count) * 480 + 77, probabilities)).values()
    points, means = timeline.points()
    np.testing.assert_array_equal(points, np.arange(count) * 480 + 77)
    np.testing.assert_allclose(means, probabilities, atol=1e-6)


def test_timelines_do_not_depend_on_the_order_of_rows(generator):
    probabilities = generator.dirichlet(np.ones(len(LABELS)), 900)
    times = np.sort(generator.integers(0, 90_000, 900))
    table = pa.concat_tables(
        [emotion_table(source, 1, times, probabilities) for source in ("a", "b")]
    )
    shuffled = table.take(pa.array(generator.permutation(table.num_rows)))
    expected, found = _thin(table), _thin(shuffled, batch=101)
    assert expected.keys() == found.keys()
    for person, timeline in found.items():
        for one, other in zip(timeline.points(), expected[person].points(), strict=True):
            np.testing.assert_allclose(one, other)


def _thin(table: pa.Table, batch: int = 100_000) -> dict:
    extents = timelines.measure(table.to_batches(max_chunksize=batch))
    return timelines.thin(table.to_batches(max_chunksize=batch), extents)


def test_hostile_names_stay_data(tmp_path):
    write_tables(
        tmp_path,
        recordings=[recording_row(HOSTILE, 1, shares(sad=1), member=HOSTILE)],
        failures=[failure_row(HOSTILE, message=HOSTILE)],
    )
    html = page.render(data.collect(str(tmp_path)), "en")
    assert "<script>document" not in html
    found = json.loads(Reader(html).texts["data"])
    assert found["recordings"][0]["source"] == HOSTILE
    assert found["failures"]["rows"][0]["message"] == HOSTILE


def test_page_loads_nothing(call):
    read = Reader(page.render(data.collect(str(call)), "en"))
    assert read.links == ["#recordings"]
    assert "default-src 'none'" in read.policy
    assert not re.search(r"url\(|@import", read.texts["style"])
    assert not re.search(r"\b(fetch|XMLHttpRequest|WebSocket|import)\s*\(", read.texts["script"])


@pytest.mark.parametrize("name", ["script", "style"])
def test_policy_lets_only_the_pages_own_code_run(call, name):
    read = Reader(page.render(data.collect(str(call)), "en"))
    digest = hashlib.sha256(read.texts[name].encode()).digest()
    assert f"{name}-src 'sha256-{base64.b64encode(digest).decode()}'" in read.policy


def test_page_carries_the_licence_of_its_chart_library(call):
    script = Reader(page.render(data.collect(str(call)), "en")).texts["script"]
    assert "uPlot 1.6.32" in script
    assert "Permission is hereby granted, free of charge" in script


def test_same_tables_make_the_same_page(tmp_path, generator):
    write_night(tmp_path, 3, generator)
    first, second = (page.render(data.collect(str(tmp_path)), "es") for _ in range(2))
    assert first == second


def test_every_language_has_the_same_strings_and_fields():
    fields = {
        language: {name: sorted(set(re.findall(r"{\w+}", text))) for name, text in texts.items()}
        for language in job.LANGUAGES
        for texts in [page.strings(language)]
    }
    assert fields["es"] == fields["en"]


def test_every_string_is_used_and_every_used_string_is_there():
    assets = importlib.resources.files("pipelines.report") / "assets"
    code = "".join((assets / name).read_text() for name in page.SCRIPTS if "uplot" not in name)
    template = (assets / "template.html").read_text()
    used = set(re.findall(r"\$\{(\w+)\}", template)) | set(re.findall(r'say\("(\w+)"', code))
    stems = re.findall(r'sayCount\("(\w+)"', code)
    used |= {f"{stem}_{form}" for stem in stems for form in ("one", "other")}
    # Of names put together in the code, only the beginnings stand there.
    prefixes = tuple(re.findall(r"`(\w+_)\$\{\w+(?:\.name)?\}`", code))
    used -= {"language", "policy", "style", "script", "strings_json", "data_json"}
    known = set(page.strings("en"))
    assert used <= known
    assert {name for name in known - used if not name.startswith(prefixes)} == set()


def test_job_writes_the_page_and_prints_its_path(call, capsys):
    output = call / "report.html"
    assert job.main([str(call), "--output", str(output), "--language", "es"]) == 0
    assert capsys.readouterr().out == f"{output}\n"
    assert '<html lang="es">' in output.read_text()
    assert list(call.glob("*incomplete*")) == []


def test_job_says_where_it_cannot_write(call):
    with pytest.raises(JobError, match="cannot write the report: .*; choose another --output"):
        job.main([str(call), "--output", str(call / "no" / "report.html")])


def test_command_line():
    assert job.parse(["t"]) == job.ReportArgs("t", "report.html", "en")
    with pytest.raises(SystemExit, match="2"):
        job.parse(["t", "--language", "fr"])
