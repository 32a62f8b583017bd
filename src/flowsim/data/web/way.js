// The picture of the way, by month, and the fans of figures over time.
import { about, el, number, say } from "/static/words.js";
import { grid } from "/static/screens/parts.js";

export function way() {
  let view = null, present = null, timer = null;
  const label = el("span", {});
  const slider = el("input", { type: "range", id: "month", min: 0, max: 0, value: 0, oninput: () => draw() });
  const play = el("button", { type: "button", class: "small", onclick: () => (timer ? pause() : go()) }, say("way.play"));
  const benefit = el("select", { id: "benefit", onchange: () => draw() }, el("option", { value: "" }, say("way.all")),
    about.benefits.map((one) => el("option", { value: one.name }, one.title)));
  const details = el("div", {});
  const columns = Math.max(...about.stops.map((stop) => stop.place[0])) + 1;
  const arrows = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  arrows.setAttribute("aria-hidden", "true");
  const boxes = new Map();
  let opened = null;
  const grid = el("div", { class: "way" }, arrows);
  grid.style.gridTemplateColumns = `repeat(${columns}, minmax(0, 1fr))`;
  for (const stop of about.stops) {
    const figures = el("span", {});
    const box = el("button", { type: "button", class: "stop", "aria-expanded": "false", onclick: () => open(stop) },
      el("b", {}, stop.title), figures);
    const place = el("div", { class: "stop-place" }, box);
    place.style.gridColumn = stop.place[0] + 1;
    place.style.gridRow = stop.place[1] + 1;
    boxes.set(stop.name, { box, figures, place });
    grid.append(place);
  }
  const node = el("div", {},
    el("div", { class: "bar" }, el("label", { for: "month" }, `${say("way.month")}: `, label), play,
      about.benefits.length > 1 && el("label", { for: "benefit" }, say("way.benefit")), about.benefits.length > 1 && benefit), slider, grid, details,
    el("p", { class: "quiet" }, say("way.about")));

  function open(stop) {
    opened = opened === stop.name ? null : stop.name;
    for (const [name, { box }] of boxes) box.setAttribute("aria-expanded", String(name === opened));
    if (!opened) { details.replaceChildren(); return; }
    const head = [say("way.state"), say("way.stay"), say("way.station")];
    details.replaceChildren(el("h3", {}, say("way.details", { stop: stop.title })),
      el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": stop.title }, el("table", {},
        el("thead", {}, el("tr", {}, head.map((text) => el("th", { scope: "col" }, text)))),
        el("tbody", {}, stop.states.map((state) => el("tr", {}, el("th", { scope: "row" }, state.title),
          el("td", {}, state.stay), el("td", {}, state.station)))))));
  }

  function pause() {
    clearInterval(timer);
    timer = null;
    play.textContent = say("way.play");
  }

  function go() {
    if (Number(slider.value) >= Number(slider.max)) slider.value = 0;
    play.textContent = say("way.pause");
    timer = setInterval(() => {
      if (Number(slider.value) >= Number(slider.max)) { pause(); return; }
      slider.value = Number(slider.value) + 1;
      draw();
    }, 200);
  }

  function both(before, after, digits) {
    const old = number(before, digits);
    return after === undefined || number(after, digits) === old ? old : `${old} → ${number(after, digits)}`;
  }

  function draw() {
    if (!view) return;
    const at = Number(slider.value);
    label.textContent = view.way.months[at];
    slider.setAttribute("aria-valuetext", view.way.months[at]);
    for (const stop of about.stops) {
      const { box, figures } = boxes.get(stop.name);
      const before = view.way.reference[stop.name], after = view.way.scenario?.[stop.name];
      const lines = [];
      let full = false;
      if (before.queue) {
        full = (after ?? before).full[at];
        lines.push(`${both(before.queue[at], after?.queue[at], 0)} ${say("way.waiting")}`);
        lines.push(`${both(before.wait[at], after?.wait[at], 1)} ${say("way.wait")}`);
        if (full) lines.push(say("way.full"));
      }
      const [here, then] = [present?.reference, present?.scenario].map((one) => (benefit.value ? one?.by[benefit.value] : one));
      if (here?.[stop.name]) lines.push(`≈ ${both(here[stop.name][at], then?.[stop.name]?.[at], 0)} ${say("way.here")}`);
      box.classList.toggle("aside", Boolean(here && benefit.value && !here[stop.name]));
      box.classList.toggle("full", full);
      figures.replaceChildren(...lines.flatMap((line, place) => [place > 0 && el("br"), line]).filter(Boolean));
    }
    connect();
  }

  function connect() {
    const frame = grid.getBoundingClientRect();
    if (frame.width === 0) return;
    const at = (name) => {
      const box = boxes.get(name).place.getBoundingClientRect();
      return { left: box.left - frame.left, right: box.right - frame.left, top: box.top - frame.top,
        bottom: box.bottom - frame.top, x: (box.left + box.right) / 2 - frame.left, y: (box.top + box.bottom) / 2 - frame.top };
    };
    const paths = about.arrows.map(([from, to]) => {
      const a = at(from), b = at(to), path = document.createElementNS("http://www.w3.org/2000/svg", "path");
      if (b.left > a.right) {
        const bend = (b.left - a.right) / 2;
        path.setAttribute("d", `M${a.right} ${a.y}C${a.right + bend} ${a.y} ${b.left - bend} ${b.y} ${b.left} ${b.y}`);
      } else if (Math.abs(a.x - b.x) < 2) {
        const down = b.y > a.y;
        path.setAttribute("d", `M${a.x} ${down ? a.bottom : a.top}L${b.x} ${down ? b.top : b.bottom}`);
      } else {
        // Those who come back go round below.
        const low = frame.height + 8;
        path.setAttribute("d", `M${a.x} ${a.bottom}C${a.x} ${low} ${b.x} ${low} ${b.x} ${b.bottom}`);
        path.setAttribute("class", "back");
      }
      return path;
    });
    arrows.replaceChildren(...paths);
  }
  new ResizeObserver(connect).observe(grid);

  return {
    node, pause,
    show(news) {
      if (news.view) {
        const fresh = view === null;
        view = news.view;
        slider.max = view.way.months.length - 1;
        if (fresh) {
          const [first, since] = view.way.first.split("-").map(Number);
          slider.value = Math.max((view.year - first) * 12 + 12 - since, 0);
        }
        present = null;
      }
      if (news.present) present = news.present;
      draw();
    },
  };
}

export function fans() {
  let view = null, chart = null;
  const choice = el("select", { id: "figure", onchange: () => draw() });
  const canvas = el("canvas", { role: "img", "aria-labelledby": "figure-words" });
  const words = el("p", { id: "figure-words", class: "quiet" }, say("time.about", { today: about.todayWords }));
  const table = el("div", {});
  const sources = el("div", {});
  const node = el("div", {},
    el("div", { class: "bar" }, el("label", { for: "figure" }, say("time.measure")), choice),
    el("div", { class: "chart" }, canvas), words,
    el("details", {}, el("summary", {}, say("time.table")), table),
    el("details", {}, el("summary", {}, say("time.sources")), sources));

  const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  function series(one) {
    const out = [];
    const runs = [["reference", style("--grey"), 4], ["scenario", style("--band"), 0]].filter(([run]) => one.fans[run]);
    for (const [run, colour, dash] of runs) {
      const at = (column) => one.at.map((x, place) => ({ x, y: one.fans[run][column][place] }));
      const edge = { pointRadius: 0, borderWidth: 0, pointHitRadius: 0 };
      out.push({ ...edge, data: at(0), fill: "+1", backgroundColor: `rgba(${colour}, .14)`, edge: true });
      out.push({ ...edge, data: at(4), fill: false, edge: true });
      out.push({ ...edge, data: at(1), fill: "+1", backgroundColor: `rgba(${colour}, .24)`, edge: true });
      out.push({ ...edge, data: at(3), fill: false, edge: true });
      out.push({ data: at(2), label: say(`bench.${run}`), borderColor: `rgb(${colour})`, backgroundColor: `rgb(${colour})`,
        borderWidth: 2.5, borderDash: view.look && run === "scenario" ? [6, 4] : dash ? [2, 2] : [], pointRadius: 0, fill: false });
    }
    const told = new Set();
    for (const mark of one.marks) { // what the measure is held against, each kind once in the legend
      out.push({ data: [{ x: mark.since, y: mark.value }, { x: mark.until, y: mark.value }], label: mark.label, mark: true,
        edge: told.has(mark.label), borderColor: style("--dot"), backgroundColor: style("--dot"), borderWidth: 2, borderDash: [10, 4],
        pointRadius: 0, pointHitRadius: 0, fill: false });
      told.add(mark.label);
    }
    if (one.points.length) {
      out.push({ type: "scatter", label: say("time.documented"), data: one.points.map((p) => ({ x: p.at, y: p.value })),
        pointRadius: 5, pointStyle: "rectRot", backgroundColor: style("--dot"), borderColor: style("--dot"), documented: one.points });
    }
    return out;
  }

  // As periods are placed: each month is as long as any other.
  function inYears(date) {
    const [year, month, day] = date.split("-").map(Number);
    return year + (month - 1 + (day - 1) / new Date(year, month, 0).getDate()) / 12;
  }

  // An upright line at the day from which changes take effect; what lies behind it is carried on, not observed.
  const today = {
    id: "today",
    beforeDatasetsDraw({ ctx, chartArea, scales }) {
      const x = Math.max(scales.x.getPixelForValue(inYears(about.observed)), chartArea.left);
      if (x >= chartArea.right) return;
      ctx.save();
      ctx.fillStyle = `rgba(${style("--grey")}, .08)`;
      ctx.fillRect(x, chartArea.top, chartArea.right - x, chartArea.bottom - chartArea.top);
      ctx.fillStyle = style("--quiet");
      ctx.font = "12px system-ui, sans-serif";
      ctx.fillText(say("time.carried"), x + 6, chartArea.top + 14, chartArea.right - x - 8);
      ctx.restore();
    },
    afterDatasetsDraw({ ctx, chartArea, scales }) {
      const x = scales.x.getPixelForValue(inYears(about.today));
      if (x < chartArea.left) return; // before the hours that are drawn
      ctx.save();
      ctx.strokeStyle = style("--ink");
      ctx.setLineDash([3, 3]);
      ctx.beginPath();
      ctx.moveTo(x, chartArea.top);
      ctx.lineTo(x, chartArea.bottom);
      ctx.stroke();
      ctx.restore();
    },
  };

  function draw() {
    if (!view || node.offsetParent === null) return;
    const one = view.charts.find((item) => item.measure === choice.value) ?? view.charts[0];
    const ink = style("--quiet"), edge = style("--edge");
    const year = (value) => (Number.isInteger(value) ? String(value) : "");
    // Years are marked, or of a chart of days or hours some of these by their names.
    const across = one.ticks.length
      ? { ticks: { callback: (value) => one.ticks.find((tick) => tick.at === value)?.text ?? "", color: ink, autoSkip: false }, min: one.ticks[0].at, max: one.at.at(-1),
          afterBuildTicks: (axis) => { axis.ticks = one.ticks.map((tick) => ({ value: tick.at })); } }
      : { ticks: { callback: year, color: ink, stepSize: 1 }, min: Math.floor(one.at[0]), max: Math.ceil(one.at.at(-1)) };
    const options = {
      animation: false, responsive: true, maintainAspectRatio: false, parsing: false,
      interaction: { mode: "nearest", axis: "x", intersect: false },
      scales: {
        x: { type: "linear", grid: { color: edge }, ...across },
        y: { beginAtZero: true, title: { display: true, text: one.unit, color: ink }, ticks: { color: ink, callback: (v) => number(v) }, grid: { color: edge } },
      },
      plugins: {
        legend: { labels: { color: style("--ink"), filter: (item, data) => !data.datasets[item.datasetIndex].edge } },
        tooltip: {
          filter: (item) => !item.dataset.edge && !item.dataset.mark,
          callbacks: {
            title: (items) => (items[0]?.dataset.documented ? items[0].dataset.documented[items[0].dataIndex].period : one.periods[items[0]?.dataIndex]) ?? "",
            label: (item) => {
              const point = item.dataset.documented?.[item.dataIndex];
              const text = `${item.dataset.label}: ${number(item.parsed.y)} ${one.unit}`;
              return point ? [text, `${point.source} (${point.date})`] : text;
            },
          },
        },
      },
    };
    if (chart) {
      chart.data.datasets = series(one);
      chart.options = options;
      chart.update("none");
    } else {
      chart = new Chart(canvas, { type: "line", data: { datasets: series(one) }, options, plugins: [today] });
    }
    words.textContent = `${one.title}. ${say("time.about", { today: about.todayWords })}`;
    const runs = Object.keys(one.fans);
    const head = [say("time.period"), ...runs.flatMap((run) => ["median", "band"].map((key) => say(`time.${key}`, { run: say(`bench.${run}`) })))];
    table.replaceChildren(grid({ title: one.title, columns: head, rows: one.periods.map((period, at) => [period, ...runs.flatMap((run) =>
      [number(one.fans[run][2][at]), `${number(one.fans[run][0][at])} – ${number(one.fans[run][4][at])}`])]) }));
    const of = [say("time.period"), one.unit, say("time.source")];
    sources.replaceChildren(one.points.length
      ? grid({ title: say("time.sources"), columns: of, rows: one.points.map((p) => [p.period, number(p.value), `${p.source} (${p.date}), ${p.fact}`]) })
      : el("p", {}, "–"));
  }

  const left = new AbortController();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => draw(), { signal: left.signal });
  return {
    node, draw,
    show(news) {
      if (!news.view) return;
      view = { ...news.view, look: news.look };
      if (!choice.options.length) {
        choice.append(...view.charts.map((one) => el("option", { value: one.measure }, one.title)));
      }
      draw();
    },
    close() { left.abort(); chart?.destroy(); },
  };
}
