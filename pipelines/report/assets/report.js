// The page from top to bottom.

const DATA = JSON.parse(document.getElementById("data").textContent);

function fillOrigin({ tables, model, scored_at }) {
  const parts = [tables];
  if (scored_at !== null) {
    const style = { dateStyle: "long", timeStyle: "short" };
    const date = new Intl.DateTimeFormat(LANGUAGE, style).format(new Date(scored_at));
    parts.unshift(say("scored_at", { date }));
    parts.push(say("model", { model }));
  }
  document.getElementById("origin").textContent = parts.join(" · ");
}

function fillTotals({ recordings, duration_ms, people, faces, moments, failures }) {
  const hours = tenths.format(duration_ms / 3_600_000);
  const counts = { recordings, hours, people, faces, moments, failures };
  for (const [name, value] of Object.entries(counts)) {
    document.getElementById("totals").append(
      make(
        "div",
        { className: value && (name === "failures" || name === "moments") ? "notable" : "" },
        make("dt", {}, say(`total_${name}`)),
        make("dd", {}, typeof value === "number" ? integer.format(value) : value),
      ),
    );
  }
}

function sayStage(stage) {
  return STRINGS[`stage_${stage}`] ?? stage;
}

function fillFailures({ reasons, rows }, total) {
  const element = (id) => document.getElementById(id);
  element("failures").hidden = total === 0;
  element("failures-summary").textContent = sayCount("failures", total);
  element("failure-reasons").append(
    ...reasons.map(({ stage, error, count }) =>
      make("li", {}, make("b", {}, integer.format(count)), ` ${sayStage(stage)}: ${error}`),
    ),
  );
  element("failure-rows").append(...rows.map(failureRow));
  element("failures-note").hidden = rows.length === total;
  const counts = { shown: integer.format(rows.length), all: integer.format(total) };
  element("failures-note").textContent = say("failures_note", counts);
}

function failureRow({ source, member, time_ms, stage, error, message }) {
  const where = member === null ? source : say("where_in", { member, source });
  const time = time_ms === null ? "" : ` · ${clock(time_ms)}`;
  return make(
    "tr",
    {},
    make("td", { className: "path" }, where + time),
    make("td", {}, sayStage(stage)),
    make("td", {}, `${error}: ${message}`),
  );
}

function fillEmotions() {
  for (const label of STACK) {
    const name = sayEmotion(label);
    document.getElementById("emotion").append(make("option", { value: label }, name));
    document
      .getElementById("legend")
      .append(make("li", {}, make("span", { className: `swatch fill-${label}` }), name));
  }
}

function fillUnlisted(listed, all) {
  const note = document.getElementById("unlisted");
  note.hidden = listed === all;
  note.textContent = say("unlisted", {
    shown: integer.format(listed),
    all: integer.format(all),
  });
}

fillOrigin(DATA);
fillTotals(DATA.totals);
fillFailures(DATA.failures, DATA.totals.failures);
fillEmotions();
fillUnlisted(DATA.recordings.length, DATA.totals.recordings);
startList(DATA);
