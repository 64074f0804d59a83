// One recording: its row in the table and, opened, its people over time.

const CHIPS = 12; // moments listed before "show all"

/** Returns the table body of a recording: a row, and below it the details once opened. */
function makeRecording(recording, index, data) {
  const id = `details-${index}`;
  const toggle = make(
    "button",
    { type: "button", className: "toggle", "aria-expanded": "false", "aria-controls": id },
    make("span", { className: "name" }, baseName(recording.member ?? recording.source)),
  );
  const place = make("span", { className: "place" }, placeOf(recording));
  const row = make(
    "tr",
    { className: "row" },
    make("th", { scope: "row" }, toggle, place),
    make("td", {}, momentsCell(recording)),
    make("td", { className: "number" }, negativeCell(recording)),
    make("td", { className: "mood" }, moodBar(recording.means, data.labels)),
    numberCell("people", recording.people),
    numberCell("faces", recording.faces),
    make("td", { className: "number" }, lengthOf(recording)),
  );
  const details = make("td", { colSpan: row.children.length });
  const detailsRow = make("tr", { className: "details", id, hidden: true }, details);
  const open = () => {
    detailsRow.hidden = !detailsRow.hidden;
    toggle.setAttribute("aria-expanded", String(!detailsRow.hidden));
    if (!details.hasChildNodes()) fillDetails(details, recording, data);
  };
  toggle.addEventListener("click", open);
  return make("tbody", {}, row, detailsRow);
}

function placeOf({ source, member }) {
  if (member !== null) return say("where_in", { member, source });
  return source.slice(0, source.lastIndexOf("/") + 1);
}

function lengthOf({ duration_ms }) {
  return duration_ms === null ? "–" : clock(duration_ms);
}

function numberCell(name, value) {
  return make("td", { className: `number ${name}` }, integer.format(value));
}

function negativeCell({ negative }) {
  return negative === null ? "–" : percent.format(negative);
}

function momentsCell({ moments, moments_ms, duration_ms }) {
  if (!moments.length) return make("span", { className: "faint" }, say("no_moments"));
  const strip = make("span", { className: "strip", "aria-hidden": "true" });
  for (const moment of moments) {
    const mark = make("span", { className: `mark fill-${moment.emotion}` });
    placeMark(mark, moment, duration_ms);
    strip.append(mark);
  }
  const text = sayCount("moments", moments.length, { time: clock(moments_ms) });
  return make("span", { className: "moments" }, text, strip);
}

/** Puts a mark where its moment is in the whole recording. */
function placeMark(mark, { start_ms, end_ms }, duration) {
  const whole = Math.max(duration ?? 0, end_ms, 1);
  mark.style.left = `${(100 * start_ms) / whole}%`;
  mark.style.width = `${(100 * (end_ms - start_ms)) / whole}%`;
}

/** Returns a bar of the mean emotions, and their names for those who do not see it. */
function moodBar(means, labels) {
  if (means === null) return make("span", { className: "faint" }, say("no_faces"));
  const bar = make("span", { className: "mood-bar", role: "img", "aria-label": mood(means, labels) });
  bar.title = mood(means, labels, 7);
  for (const label of STACK) {
    const part = make("span", { className: `fill-${label}` });
    part.style.flexGrow = means[labels.indexOf(label)];
    bar.append(part);
  }
  return bar;
}

/** Returns the largest mean emotions in words, such as "neutral 52 %, sad 31 %". */
function mood(means, labels, most = 3) {
  return sayShares(
    labels.map((label, i) => ({ label, share: means[i] })).sort((a, b) => b.share - a.share),
    most,
  );
}

function sayShares(parts, most = 3) {
  return parts
    .slice(0, most)
    .map(({ label, share }) => `${sayEmotion(label)} ${percent.format(share)}`)
    .join(", ");
}

function fillDetails(details, recording, data) {
  const { source, member, frames_scored, faces } = recording;
  const where = member === null ? source : say("where_in", { member, source });
  const facts = { frames: integer.format(frames_scored), faces: integer.format(faces) };
  details.append(make("p", { className: "facts" }, `${where} · ${say("facts", facts)}`));
  const lost = data.failures.rows.filter((row) => row.source === source && row.member === member);
  if (lost.length) details.append(makeLost(lost));
  const moments = makeMoments(recording);
  if (recording.moments.length) details.append(moments.element);
  for (const track of recording.tracks) {
    details.append(makePerson(track, recording, data.labels, moments));
  }
  const missing = recording.people - recording.tracks.length;
  if (missing) {
    details.append(make("p", { className: "note" }, sayCount("unlisted_people", missing)));
  }
  if (!recording.tracks.length && recording.means) {
    details.append(averageOf(recording.means, data.labels));
  }
}

/** Returns the list of what could not be read in a recording. */
function makeLost(rows) {
  const lines = rows.map(({ time_ms, message }) =>
    make("li", {}, time_ms === null ? message : `${clock(time_ms)} · ${message}`),
  );
  const title = make("h3", {}, sayCount("lost", rows.length));
  return make("div", { className: "lost" }, title, make("ul", {}, ...lines));
}

/** Returns the list of moments of a recording; one is picked at a time, wherever it is clicked. */
function makeMoments(recording) {
  const buttons = new Map(recording.moments.map((moment) => [moment, []]));
  const answer = make("p", { className: "answer", "aria-live": "polite" }, say("moments_pick"));
  const state = { picked: null, charts: [] };
  const pick = (moment) => {
    state.picked = moment;
    for (const [other, same] of buttons) {
      same.forEach((button) => button.setAttribute("aria-pressed", String(other === moment)));
    }
    answer.textContent = describeMoment(moment);
    state.charts.forEach((chart) => chart.redraw());
  };
  const makeButton = (moment, className, ...children) => {
    const label = say("moment_label", {
      time: clock(moment.start_ms),
      emotion: sayEmotion(moment.emotion),
      person: sayPerson(moment.person),
    });
    const properties = { type: "button", className, "aria-pressed": "false", "aria-label": label };
    const button = make("button", { ...properties, title: label }, ...children);
    button.addEventListener("click", () => pick(moment));
    buttons.get(moment).push(button);
    return button;
  };
  const chips = recording.moments.map((moment) => makeChip(moment, makeButton));
  const element = make(
    "div",
    { className: "picker" },
    make("h3", {}, say("moments_heading")),
    makeChips(chips),
    answer,
  );
  return { element, makeButton, state };
}

function makeChips(chips) {
  const list = make("div", { className: "chips" }, ...chips.slice(0, CHIPS));
  if (chips.length > CHIPS) {
    const text = say("moments_all", { count: integer.format(chips.length) });
    const all = make("button", { type: "button", className: "quiet" }, text);
    all.addEventListener("click", () => list.replaceChildren(...chips));
    list.append(all);
  }
  return list;
}

function makeChip(moment, makeButton) {
  return makeButton(
    moment,
    "chip",
    make("span", { className: `swatch fill-${moment.emotion}` }),
    make("span", { className: "time" }, clock(moment.start_ms)),
    ` ${sayEmotion(moment.emotion)}`,
    make("span", { className: "faint" }, ` ${sayPerson(moment.person)}`),
  );
}

function describeMoment(moment) {
  return say("moment_detail", {
    person: sayPerson(moment.person),
    start: clock(moment.start_ms),
    end: clock(moment.end_ms),
    length: clock(moment.end_ms - moment.start_ms),
    emotion: sayEmotion(moment.emotion),
    mean: percent.format(moment.mean),
    peak: percent.format(moment.peak),
  });
}

/** Returns a person's heading, lane of moments and chart, which is drawn once it is in the page. */
function makePerson(track, recording, labels, moments) {
  const mine = recording.moments.filter((moment) => moment.track === track.track);
  const readout = make("span", { className: "readout" });
  const plot = make("div", { className: "plot", role: "img" });
  const duration = endOf(track, recording);
  const lane = make("div", { className: "lane" });
  for (const moment of mine) {
    const mark = moments.makeButton(moment, `mark fill-${moment.emotion}`);
    placeMark(mark, moment, duration);
    lane.append(mark);
  }
  requestAnimationFrame(() => {
    const onPoint = (point) => {
      readout.textContent = point ? `${clock(point.time)} · ${sayShares(point.parts)}` : "";
    };
    const picked = () => moments.state.picked;
    moments.state.charts.push(
      drawTimeline(plot, track, labels, duration, mine, picked, onPoint),
    );
  });
  plot.setAttribute("aria-label", describeTrack(track, labels));
  return make("div", { className: "person" }, personHeading(track, readout), lane, plot);
}

function personHeading(track, readout) {
  const number = make("span", { className: "faint" }, say("track", { track: track.track ?? "–" }));
  return make("h3", {}, sayPerson(track.person), " ", number, readout);
}

/** Returns the time in ms that the charts of a recording end with: its own, or the last seen. */
function endOf(track, { duration_ms, moments }) {
  const last = track.steps_ms.reduce((time, step) => time + step, 0);
  return Math.max(duration_ms ?? 0, last, ...moments.map((moment) => moment.end_ms), 1000);
}

function describeTrack(track, labels) {
  const { times, shares } = unpack(track, labels);
  const parts = labels.map((label) => {
    const seen = shares[label].filter((share) => share !== null);
    return { label, share: seen.reduce((sum, share) => sum + share, 0) / seen.length };
  });
  return say("chart_label", {
    person: sayPerson(track.person),
    start: clock(times[0]),
    end: clock(times[times.length - 1]),
    mood: sayShares(parts.sort((a, b) => b.share - a.share)),
  });
}

/** Returns the mean emotions as a list of bars: all there is to show without time. */
function averageOf(means, labels) {
  const bars = make("dl", { className: "average" });
  for (const label of labels) {
    const share = means[labels.indexOf(label)];
    const bar = make("span", { className: `bar fill-${label}` });
    bar.style.width = `${100 * share}%`;
    bars.append(
      make("dt", {}, sayEmotion(label)),
      make("dd", {}, make("span", { className: "rail" }, bar), percent.format(share)),
    );
  }
  return make("div", {}, make("h3", {}, say("average")), bars);
}
