// The chart of one person: emotions stacked over time, negative ones at the bottom.

// From the bottom up. What counts as negative is kept together, so that its height can be read.
const STACK = ["angry", "disgust", "fear", "sad", "surprise", "neutral", "happy"];
const CHART_HEIGHT = 150; // CSS pixels
const AXIS_WIDTH = 48; // CSS pixels, left of the plot; the lane of moments has the same margin
const PLOT_END = 14; // CSS pixels, right of the plot
const PRINTED_WIDTH = 660; // CSS pixels of an A4 page within its margins; .person when printed
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200].map((s) => s * 1000);
const charts = new Set();

/** Returns {times, shares: {label: [...]}} of a track; null where the person was away. */
function unpack(track, labels) {
  const bytes = Uint8Array.from(atob(track.shares), (character) => character.charCodeAt(0));
  const count = track.steps_ms.length;
  const usual = usualStep(track.steps_ms);
  const times = [];
  const shares = Object.fromEntries(labels.map((label) => [label, []]));
  const add = (time, point) => {
    times.push(time);
    labels.forEach((label, row) => {
      shares[label].push(point === null ? null : bytes[row * count + point] / 255);
    });
  };
  let time = 0;
  track.steps_ms.forEach((step, point) => {
    if (point && step > 3 * usual) {
      add(time + usual, point - 1); // what was seen last holds for a step, so that it has a width
      add(time + usual + 1, null);
    }
    time += step;
    add(time, point);
  });
  add(time + usual, count - 1);
  return { times, shares };
}

/** Returns the median time in ms from one point to the next, of at least a second. */
function usualStep(steps) {
  const sorted = steps.slice(1).sort((a, b) => a - b);
  return Math.max(sorted[sorted.length >> 1] ?? 0, 1000);
}

/** Returns the columns that uPlot draws: times, then sums from the whole stack down. */
function stack({ times, shares }) {
  const sums = STACK.map((_, top) =>
    times.map((_, point) => {
      const parts = STACK.slice(0, top + 1).map((label) => shares[label][point]);
      return parts[0] === null ? null : parts.reduce((sum, part) => sum + part, 0);
    }),
  );
  return [times, ...sums.reverse()];
}

/** Returns a colour of the style sheet as it is now: light, dark or printed. */
function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/** Draws a chart into an element; `moments` are framed, the `picked()` one strongly. */
function drawTimeline(parent, track, labels, duration, moments, picked, onPoint) {
  const lanes = unpack(track, labels);
  const options = {
    width: Math.max(parent.clientWidth, 200),
    height: CHART_HEIGHT,
    padding: [8, PLOT_END, 0, 0],
    legend: { show: false },
    cursor: { drag: { x: false, y: false }, y: false, points: { show: false } },
    scales: { x: { time: false, range: [0, duration] }, y: { range: [0, 1] } },
    axes: [timeAxis(), shareAxis()],
    series: [{}, ...[...STACK].reverse().map(emotionSeries)],
    hooks: {
      draw: [(chart) => frameMoments(chart, moments, picked())],
      setCursor: [(chart) => onPoint(pointAt(chart.cursor.idx, lanes, labels))],
    },
  };
  const chart = new uPlot(options, stack(lanes), parent);
  charts.add(chart);
  new ResizeObserver(() => fit(chart, parent.clientWidth)).observe(parent);
  return chart;
}

function fit(chart, width) {
  const printing = "print" in document.documentElement.dataset;
  if (width && !printing) chart.setSize({ width, height: CHART_HEIGHT });
}

function emotionSeries(label) {
  return { fill: () => colour(label), width: 0, points: { show: false } };
}

function timeAxis() {
  return {
    stroke: () => colour("quiet"),
    grid: { show: false },
    ticks: { stroke: () => colour("line"), size: 5 },
    incrs: STEPS,
    size: 30,
    space: 64,
    values: (_, times) => times.map(clock),
  };
}

function shareAxis() {
  return {
    stroke: () => colour("quiet"),
    grid: { stroke: () => colour("line"), width: 1 },
    ticks: { show: false },
    size: AXIS_WIDTH,
    splits: [0, 0.5, 1],
    values: (_, shares) => shares.map((share) => percent.format(share)),
  };
}

function frameMoments(chart, moments, picked) {
  const { ctx, bbox } = chart;
  ctx.save();
  ctx.strokeStyle = colour("text");
  for (const moment of moments) {
    const [left, right] = [moment.start_ms, moment.end_ms].map((time) =>
      chart.valToPos(time, "x", true),
    );
    ctx.lineWidth = (moment === picked ? 3 : 1) * devicePixelRatio;
    ctx.setLineDash(moment === picked ? [] : [4 * devicePixelRatio, 3 * devicePixelRatio]);
    ctx.strokeRect(left, bbox.top, Math.max(right - left, 2), bbox.height);
  }
  ctx.restore();
}

/** Returns what a point of a chart shows, largest share first; null where there is none. */
function pointAt(index, { times, shares }, labels) {
  if (index == null || shares[labels[0]][index] === null) return null;
  const parts = labels.map((label) => ({ label, share: shares[label][index] }));
  return { time: times[index], parts: parts.sort((a, b) => b.share - a.share) };
}

function redrawAll() {
  charts.forEach((chart) => chart.redraw());
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redrawAll);

// Paper is white and narrow, whatever the screen is.
addEventListener("beforeprint", () => {
  document.documentElement.dataset.print = "";
  charts.forEach((chart) => chart.setSize({ width: PRINTED_WIDTH, height: CHART_HEIGHT }));
  redrawAll();
});
addEventListener("afterprint", () => {
  delete document.documentElement.dataset.print;
  charts.forEach((chart) => fit(chart, chart.root.parentElement.clientWidth));
  redrawAll();
});
