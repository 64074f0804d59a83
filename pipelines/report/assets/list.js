// The table of recordings: what it is sorted by, what the filters let through, how much is shown.

const PAGE = 100; // recordings added by "show more"
const collator = new Intl.Collator(LANGUAGE, { numeric: true });

const nameOf = (recording) => baseName(recording.member ?? recording.source);
const byNumber = (value) => (a, b) => (value(a) ?? -1) - (value(b) ?? -1);

// In the order of the cells of a row. Data arrive sorted by need, so that is a column's tie-break.
const COLUMNS = [
  { name: "name", compare: (a, b) => collator.compare(nameOf(a), nameOf(b)), first: 1 },
  { name: "moments", compare: (a, b) => b.rank - a.rank, first: -1 },
  { name: "negative", compare: byNumber((recording) => recording.negative), first: -1 },
  { name: "mood", compare: (a, b) => collator.compare(moodName(a), moodName(b)), first: 1 },
  { name: "people", compare: byNumber((recording) => recording.people), first: -1 },
  { name: "faces", compare: byNumber((recording) => recording.faces), first: -1 },
  { name: "length", compare: byNumber((recording) => recording.duration_ms), first: -1 },
];

/** Returns what the mood sorts by: the name of the strongest emotion. */
function moodName({ dominant }) {
  return dominant === null ? "\uffff" : sayEmotion(dominant);
}

/** Fills the table and keeps it in step with its controls. */
function startList(data) {
  const recordings = data.recordings.map((recording, rank) => ({ ...recording, rank }));
  const bodies = new Map();
  const state = { column: COLUMNS[1], direction: COLUMNS[1].first, shown: PAGE };
  const element = (id) => document.getElementById(id);
  const table = element("columns").closest("table");

  const bodyOf = (recording) => {
    const body = bodies.get(recording) ?? makeRecording(recording, recording.rank, data);
    bodies.set(recording, body);
    return body;
  };
  const show = () => {
    const matching = recordings.filter(readFilters());
    matching.sort((a, b) => state.direction * state.column.compare(a, b) || a.rank - b.rank);
    const shown = matching.slice(0, state.shown);
    table.querySelectorAll("tbody:not(.none)").forEach((body) => body.remove());
    table.append(...shown.map(bodyOf));
    element("none").hidden = shown.length > 0;
    const rest = matching.length - shown.length;
    element("more").hidden = rest === 0;
    element("more").textContent = sayCount("more", Math.min(rest, PAGE));
    element("count").textContent = say("count", {
      shown: integer.format(matching.length),
      all: integer.format(recordings.length),
    });
    markSorted(state);
  };

  element("columns").append(...COLUMNS.map((column) => makeHeading(column, state, show)));
  const restart = () => {
    state.shown = PAGE;
    show();
  };
  // Typing gives input only; what fills forms for people may give change only.
  element("filters").addEventListener("input", restart);
  element("filters").addEventListener("change", restart);
  element("filters").addEventListener("submit", (event) => event.preventDefault());
  // The controls are cleared only after the event.
  element("filters").addEventListener("reset", () => setTimeout(restart));
  element("more").addEventListener("click", () => {
    state.shown += PAGE;
    show();
  });
  show();
}

/** Returns the test that a recording passes to be shown. */
function readFilters() {
  const words = document.getElementById("search").value.toLowerCase().split(/\s+/).filter(Boolean);
  const emotion = document.getElementById("emotion").value;
  const withMoments = document.getElementById("with-moments").checked;
  return ({ source, member, dominant, moments }) => {
    const name = `${source} ${member ?? ""}`.toLowerCase();
    return (
      words.every((word) => name.includes(word)) &&
      (!withMoments || moments.length > 0) &&
      (!emotion || dominant === emotion || moments.some((moment) => moment.emotion === emotion))
    );
  };
}

function makeHeading(column, state, show) {
  const button = make("button", { type: "button" }, say(`column_${column.name}`));
  button.addEventListener("click", () => {
    state.direction = state.column === column ? -state.direction : column.first;
    state.column = column;
    show();
  });
  const left = ["name", "moments", "mood"].includes(column.name);
  const className = `${left ? "" : "number "}${column.name}`;
  return make("th", { scope: "col", className, "data-column": column.name }, button);
}

function markSorted({ column, direction }) {
  for (const heading of document.getElementById("columns").children) {
    const sorted = heading.dataset.column === column.name;
    if (sorted) heading.setAttribute("aria-sort", direction > 0 ? "ascending" : "descending");
    else heading.removeAttribute("aria-sort");
  }
}
