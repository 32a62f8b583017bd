// The workbench: what is changed to the left, what comes of it to the right; a look while dragging, a run after.
import { about, ask, day, el, fault, news, number, quantity, read, renew, say } from "/static/words.js";
import { address, keep } from "/static/page.js";
import { fans, way } from "/static/way.js";
import { nameOf, stateOf, take, written as inField } from "/static/screens/parts.js";

// As many decimals as a figure has on the page: with three, a number could be read in two ways.
const hundredths = (value) => Math.round(value * 100) / 100;
const finished = [];
let runs = 0;

export function workbench(main, choice) {
  // What the address holds: preset, own, name, year; values by control; locked; rows by date.
  const chosen = {
    preset: "", own: "", name: "", year: about.year, values: {}, rows: [], unlocked: false,
    parameters: {}, prices: {}, cases: "", casesDay: "", ...choice,
  };
  let looking = null, looked = "", figured = "", running = null, asked = null, pending = false, rested = true, last = null, left = false;
  const tiles = el("div", { class: "tiles" });
  const nothing = el("p", { class: "hint" }, say("bench.nothing", { year: about.year }));
  const status = el("div", { class: "bar", tabindex: "-1" });
  const spoken = el("p", { class: "unseen", role: "status" });
  const wrong = el("p", { class: "wrong", role: "alert" });
  const picture = way(), lines = fans();
  const recipe = el("div", {});
  const again = el("details", { ontoggle: () => repeat() }, el("summary", {}, say("again")), recipe);
  const strip = el("div", { class: "strip", "aria-hidden": "true" });
  const history = el("div", { class: "scroll", tabindex: "0", role: "region", "aria-labelledby": "runs" });

  // --- The state that is asked about ---

  function state() {
    return stateOf(chosen, about.controls);
  }

  // What figures depend on: another name changes none of them.
  function askedAbout() {
    return JSON.stringify({ ...body(), state: { ...state(), name: "" } });
  }

  function body() {
    return { state: state(), year: chosen.year };
  }

  function unchanged() {
    const { changes, preset, own, parameters } = state();
    return !changes.length && !preset && !own && !parameters;
  }

  function remember() {
    const kept = {};
    for (const [key, value] of Object.entries(chosen)) {
      const plain = { year: about.year, unlocked: false }[key];
      if (value !== plain && value !== "" && (typeof value !== "object" || Object.keys(value).length)) kept[key] = value;
    }
    keep("workbench", kept);
  }

  // --- Asking ---

  // While a control moves: the newest choice is looked at as soon as the look before has its first figures.
  async function look() {
    if (left) return;
    const question = JSON.stringify(body());
    stopRun();
    // A slider that is let go where it was looked at last, and one that is back there, has its look already.
    if (looking && question === looked) { pending = false; return; }
    stale();
    if (looking) { pending = true; return; }
    looked = question;
    const own = looking = new AbortController();
    let whole = true;
    pending = false;
    try {
      for await (const item of news("/api/look", body(), own.signal)) {
        if (item.compiling) tell(el("span", { class: "quiet" }, say("bench.compiling", { seconds: item.compiling })));
        if (item.view) show(item);
        if (item.view && pending) break;
      }
    } catch (error) {
      if (error.name !== "AbortError") refuse(error);
      whole = false;
    }
    own.abort();
    if (looking !== own) return;
    looking = null;
    if (pending) look();
    else if (whole && rested) run();
  }

  function stopRun() {
    running?.abort();
    running = null;
  }

  async function run() {
    if (left) return;
    stand();
    remember();
    stopRun();
    looking?.abort();
    looking = null;
    const own = running = new AbortController();
    const begun = performance.now(), question = askedAbout();
    wrong.textContent = "";
    const bar = el("progress", { max: 1, value: 0, "aria-label": say("bench.waiting") });
    const text = el("span", {}, say("bench.waiting"));
    const cancel = el("button", { type: "button", class: "small", onclick: () => {
      stopRun();
      tell(el("span", {}, say("bench.cancelled")), restart());
    } }, say("bench.cancel"));
    spoken.textContent = "";
    tell(bar, text, cancel);
    try {
      for await (const item of news("/api/run", body(), own.signal)) {
        if (own !== running) return;
        if (item.compiling) text.textContent = say("bench.compiling", { seconds: item.compiling });
        if (item.total) {
          bar.max = item.total;
          bar.value = item.done;
          const left = Math.ceil((performance.now() - begun) / 1000 / item.done * (item.total - item.done));
          text.textContent = `${say("bench.running", item)}, ${say("bench.left", { seconds: left })}`;
        }
        if (item.view) {
          show(item);
          list(item.view, question);
          spoken.textContent = say("bench.done", item.view);
          tell(el("span", { class: "quiet" }, say("bench.done", item.view)));
          figured = question;
          repeat();
        }
        if (item.present) picture.show(item);
      }
    } catch (error) {
      if (error.name !== "AbortError" && own === running) refuse(error);
    }
    if (own === running) running = null;
  }

  function restart() {
    return el("button", { type: "button", class: "small", onclick: run }, say("bench.again"));
  }

  // A control has come to rest: the look is followed by a run.
  function settle() {
    if (left) return;
    rested = true;
    remember();
    look();
  }

  function stale() {
    wrong.textContent = figured = "";
    repeat();
    for (const tile of tiles.children) tile.classList.add("stale");
    tell(el("span", { class: "quiet" }, say("bench.stale")), restart());
  }

  function tell(...parts) {
    renew(status, ...parts);
  }

  function refuse(error) {
    wrong.textContent = fault(error);
    tell(el("span", { class: "quiet" }, last ? say("bench.stale") : ""), restart());
  }

  // --- Figures ---

  function show(item) {
    last = item;
    nothing.classList.toggle("hidden", !unchanged());
    const label = say(item.look ? "bench.look" : "bench.done", item.view);
    if (!item.view.tiles.length) tiles.replaceChildren(el("p", { class: "hint" }, say("bench.none", item.view)));
    else tiles.replaceChildren(...item.view.tiles.map((one) => {
      const parts = [el("h3", {}, one.title), el("p", { class: "value" }, one.value)];
      if (one.verdict) {
        const sure = one.verdict === "sure";
        const sign = sure ? ` (${say(one.better ? "better" : "worse")})` : "";
        parts.push(el("p", {}, `${say("bench.reference")}: ${one.reference}`),
          el("p", { class: sure && (one.better ? "good" : "bad") }, `${one.words}${sign}`),
          one.verdict !== "none" && el("p", {}, one.interval ? `${one.change} (${one.interval})` : one.change));
      }
      parts.push(el("p", { class: "quiet" }, one.tail), el("p", { class: "quiet" }, label));
      return el("section", { class: `card tile${item.look ? " look" : ""}`, "data-replications": item.view.replications }, parts);
    }));
    // On a phone the tiles are out of sight while a slider is moved.
    strip.replaceChildren(...item.view.tiles.slice(0, 2).map((one) =>
      el("div", {}, el("b", {}, one.value), ` ${one.change ?? ""} `, el("span", { class: one.verdict === "sure" && (one.better ? "good" : "bad") }, one.words ?? ""),
        el("br"), el("span", { class: "quiet" }, one.title))));
    picture.show(item);
    lines.show(item);
  }

  // A run that was done before takes its own place.
  function list(view, question) {
    const row = { id: ++runs, choice: { ...chosen }, question, hash: location.hash, tilesIn: view.tilesIn, year: view.year, pinned: false };
    if (!unchanged() && view.tiles.length) {
      const earlier = finished.findIndex((one) => one.question === question && nameOf(one.choice) === nameOf(row.choice));
      if (earlier >= 0) {
        const { id, pinned } = finished.splice(earlier, 1)[0];
        Object.assign(row, { id, pinned });
      }
      finished.unshift(row);
    }
    ranked();
  }

  // Up to four runs stay above; the first of them is the one that the others are held against. All stand in the language
  // that the page is in now, whatever it was in when they were run.
  function ranked() {
    if (!finished.length) { renew(history, el("p", { class: "quiet" }, say("runs.none"))); return; }
    const pinned = finished.filter((one) => one.pinned), rows = [...pinned, ...finished.filter((one) => !one.pinned)];
    const tilesOf = (one) => one.tilesIn[about.language];
    const titles = tilesOf(finished[0]).map((tile) => tile.title);
    const head = [say("start.preset.choose"), say("bench.year"), ...titles, "", ""];
    const base = pinned[0];
    const cell = (one, tile, place) => {
      const against = base && base !== one && base.year === one.year ? tilesOf(base)[place] : null;
      const apart = against && tile.estimate !== null && against.estimate !== null ? tile.estimate - against.estimate : null;
      return el("td", { class: tile.verdict === "sure" && (tile.better ? "good" : "bad") }, tile.value, el("br"),
        `${tile.change ?? ""} ${tile.verdict === "sure" ? say(tile.better ? "better" : "worse") : tile.words ?? ""}`,
        apart !== null && el("span", { class: "quiet" }, el("br"), say("runs.apart", { name: nameOf(base.choice), change: `${apart > 0 ? "+" : ""}${number(apart)}` })));
    };
    const pin = (one) => el("button", { type: "button", class: "small", id: `pin-${one.id}`, "aria-pressed": String(one.pinned), disabled: !one.pinned && pinned.length >= 4,
      "aria-label": say(one.pinned ? "runs.unpin" : "runs.pin", { name: nameOf(one.choice) }), onclick: () => { one.pinned = !one.pinned; ranked(); } },
    say(one === base ? "runs.reference" : one.pinned ? "runs.pinned" : "runs.pin.short"));
    renew(history, el("table", { class: "runs" },
      el("thead", {}, el("tr", {}, head.map((text) => (text ? el("th", { scope: "col" }, text) : el("td", {}))))),
      el("tbody", {}, rows.map((one) => el("tr", {}, el("th", { scope: "row" }, nameOf(one.choice)), el("td", {}, String(one.year)),
        tilesOf(one).map((tile, place) => cell(one, tile, place)), el("td", {}, pin(one)),
        el("td", {}, el("a", { id: `run-${one.id}`, href: one.hash.replace(/lang=\w+/, `lang=${about.language}`) }, say("runs.show"))))))),
    el("p", {}, el("button", { type: "button", id: "runs-excel", onclick: () => download(rows, titles) }, say("runs.excel"))));
  }

  async function download(rows, titles) {
    const columns = [say("start.preset.choose"), say("bench.year"),
      ...titles.flatMap((title) => [title, `${title}: ${say("bench.reference")}`, `${title}: ${say("bench.change.label")}`, `${title}: ${say("bench.interval")}`, `${title}: ${say("runs.sure")}`])];
    const cells = rows.map((one) => [nameOf(one.choice), String(one.year),
      ...one.tilesIn[about.language].flatMap((tile) => [tile.value, tile.reference, tile.change ?? "", tile.interval ?? "", tile.words ?? ""])]);
    try {
      await take("/api/history", { history: { columns, rows: cells } });
    } catch (error) { refuse(error); }
  }

  // What makes these figures again is asked for where it is read; it stays open while figures come, and is of theirs alone.
  async function repeat() {
    const own = asked = {};
    renew(recipe, el("p", { class: "quiet" }, say("again.later")));
    if (!again.open || figured !== askedAbout()) return;
    try {
      const out = await ask("/api/scenario", { state: state() });
      if (own !== asked) return;
      const file = (name, type, text, words) => el("a", { class: "button", download: name, href: `data:${type};charset=utf-8,${encodeURIComponent(text)}` }, words);
      const shown = (label, text) => [el("h3", {}, label), el("pre", { tabindex: "0", "aria-label": label }, text)];
      renew(recipe, el("p", {}, say("again.about")),
        el("p", {}, file(out.file, "application/toml", out.toml, say("again.download")), " ",
          out.prices && file(out.pricesFile, "application/toml", out.prices, say("again.prices")), " ",
          out.list && file(out.listFile, "text/csv", out.list, say("again.list"))),
        ...shown(say("again.command"), out.command), ...shown(say("again.python"), out.python),
        ...shown(out.file, out.toml), el("p", { class: "quiet" }, say("again.link")));
    } catch (error) {
      if (own === asked) renew(recipe, el("p", { class: "wrong" }, fault(error)));
    }
  }

  // --- Controls ---

  const form = el("section", { class: "card", "aria-labelledby": "change" });
  const drawn = new Map();
  let starts = {}, stood = "", held = false;

  function controls() {
    form.replaceChildren(el("h2", { id: "change" }, say("bench.change")),
      el("p", { class: "quiet" }, say("bench.from", { today: about.todayWords })),
      origin(), taken(), name(), ...about.controls.filter((one) => one.kind !== "closures").map(control), dated(),
      el("p", {}, el("button", { type: "button", onclick: () => {
        Object.assign(chosen, { values: {}, rows: [], preset: "", own: "", parameters: {}, prices: {}, cases: "", casesDay: "", name: "" });
        redraw("origin");
      } }, say("bench.reset.all"))));
  }

  // The controls are drawn anew, and who works by keyboard goes on where she was.
  function redraw(focus) {
    stand();
    controls();
    document.getElementById(focus)?.focus();
    settle();
  }

  // Where controls stand before they are moved: as the reference has them today, or as the scenario does that is chosen.
  // Until that is known they can't be moved.
  async function stand() {
    const { preset, own, parameters } = state(), begins = { preset, own, parameters }, question = JSON.stringify(begins);
    if (question === stood) return;
    stood = question;
    starts = {};
    held = Boolean(preset || own || parameters);
    if (!held) return;
    let lost = false;
    try {
      const out = await ask("/api/controls", { state: begins });
      if (question === stood) starts = out;
    } catch (error) { // what is wrong with the scenario is said of its figures
      lost = error instanceof TypeError;
    }
    if (question !== stood) return;
    if (lost) stood = ""; // nobody answered: it is asked again with the next figures
    held = false;
    for (const one of drawn.values()) one.refresh();
  }

  function begin(one) {
    return { today: one.today, later: one.later ?? [], own: "", ...starts[one.name] };
  }

  function origin() {
    const select = el("select", { id: "origin", onchange: () => {
      if (select.value !== "*") Object.assign(chosen, { preset: select.value, own: "" });
      chosen.name = "";
      redraw("origin");
    } }, el("option", { value: "" }, about.reference),
      about.presets.map((one) => el("option", { value: one.name, selected: one.name === chosen.preset }, one.title)),
      chosen.own && el("option", { value: "*", selected: true }, say("bench.own")));
    const words = about.presets.find((one) => one.name === chosen.preset)?.about;
    return el("div", { class: "control" }, el("label", { for: "origin" }, say("bench.start")), select,
      words && el("p", { class: "quiet" }, words),
      (chosen.preset || chosen.own) && el("p", { class: "quiet" }, say("bench.origin.today", { today: about.todayWords })));
  }

  // What another screen has brought along, and how to do without it.
  function taken() {
    const line = (text, without) => el("div", { class: "hint under" }, el("span", {}, text),
      el("button", { type: "button", class: "small", onclick: () => { Object.assign(chosen, without); redraw("origin"); } }, say("bench.without")));
    const parameters = Object.entries(chosen.parameters), prices = Object.entries(chosen.prices);
    return el("div", { class: "control" },
      chosen.cases && line(say("bench.cases", { rows: chosen.cases.trim().split("\n").length - 1, day: day(chosen.casesDay || about.today) }), { cases: "", casesDay: "" }),
      prices.length > 0 && line(prices.map(([key, value]) => `${about.prices[key]?.title ?? key}: ${number(Number(value.split(" ")[0]), 2)} ${about.prices[key]?.unit ?? ""}`).join("; "), { prices: {} }),
      parameters.length > 0 && line(parameters.map(([key, value]) => `${about.parameters[key] ?? key}: ${quantity(value)}`).join("; "), { parameters: {} }));
  }

  function name() {
    const input = el("input", { id: "name", maxlength: 60, value: nameOf(chosen), onchange: () => {
      chosen.name = "";
      if (input.value.trim() !== nameOf(chosen)) chosen.name = input.value;
      input.value = nameOf(chosen);
      remember();
      repeat();
    } });
    return el("div", { class: "control" }, el("label", { for: "name" }, say("bench.name")), input);
  }

  function control(one) {
    return one.kind === "weekdays" ? weekdays(one) : slider(one);
  }

  function weekdays(one) {
    const note = el("p", { class: "wrong", role: "alert" });
    const put = (value) => {
      if (value === begin(one).today) delete chosen.values[one.name]; else chosen.values[one.name] = value;
      settle();
    };
    const { nodes, boxes, refresh } = dayBoxes(() => chosen.values[one.name] ?? begin(one).today, put, note);
    drawn.set(one.name, { refresh: () => {
      refresh();
      for (const box of boxes) box.disabled = held;
    } });
    drawn.get(one.name).refresh();
    return el("fieldset", { class: "control" }, el("legend", {}, one.title), nodes, note);
  }

  // A box for each weekday, of which one is left at least.
  function dayBoxes(shown, put, note) {
    const days = () => shown().split(",").filter(Boolean);
    const pairs = Object.entries(about.days).map(([day, label]) => [day, label, el("input", { type: "checkbox", onchange: (event) => {
      const now = new Set(days());
      if (event.target.checked) now.add(day); else now.delete(day);
      if (!now.size) { note.textContent = say("bench.days"); event.target.checked = true; return; }
      note.textContent = "";
      put(Object.keys(about.days).filter((name) => now.has(name)).join(","));
    } })]);
    const refresh = () => { for (const [day, , box] of pairs) box.checked = days().includes(day); };
    refresh();
    return { refresh, boxes: pairs.map(([, , box]) => box),
      nodes: el("div", { class: "days" }, pairs.map(([, label, box]) => el("label", {}, box, label))) };
  }

  // A value as its field has it.
  function written(value, one) {
    return one.relative ? `${value > 0 ? "+" : ""}${number(value)} %` : inField(hundredths(value));
  }

  // The value in a field of a control; where there is none the field is red, and the note says what is possible.
  function valueIn(field, one, note) {
    const { value, twice } = read(field.value, one.relative), [least, most] = one.relative ? [one.least, one.most] : [0, 1e6];
    const far = value !== undefined && (value < least || value > most);
    const wrongly = value === undefined || far;
    if (wrongly) field.setAttribute("aria-invalid", "true"); else field.removeAttribute("aria-invalid");
    note.textContent = !wrongly ? "" : twice ? say("bench.mean", { number: twice }) : far
      ? say("bench.bounds", { least: number(least), most: number(most), nearest: number(value < least ? least : most) })
      : say("bench.number");
    return wrongly ? undefined : value;
  }

  // What a row sets at first.
  function firstOf(one) {
    const { today } = begin(one);
    return { closures: "", weekdays: today }[one.kind] ?? String(hundredths(today));
  }

  function slider(one) {
    const shown = () => chosen.values[one.name] ?? begin(one).today;
    const range = el("input", { type: "range", step: one.step, "aria-label": one.title });
    const field = el("input", { inputmode: "decimal", autocomplete: "off", "aria-label": `${one.title}: ${say("bench.value")}`, value: written(shown(), one) });
    const change = el("span", { class: "quiet" });
    const note = el("p", { class: "wrong", role: "alert" });
    const limit = el("p", { class: "hint hidden" });
    const later = el("div", {});
    const reset = el("button", { type: "button", class: "small", "aria-label": say("bench.reset", { control: one.title }), onclick: () => {
      set(begin(one).today);
      settle();
    } }, say("bench.reset.short"));

    function set(value, alone = false) {
      if (value === begin(one).today) delete chosen.values[one.name]; else chosen.values[one.name] = value;
      if (!alone && one.with && !chosen.unlocked) {
        // Both have as many more as this one.
        const other = about.controls.find((item) => item.name === one.with);
        if (other) drawn.get(other.name)?.set(Math.max(hundredths(begin(other).today + value - begin(one).today), 0), true);
      }
      refresh();
    }

    function refresh() {
      const value = shown(), from = begin(one);
      // A scenario may have less or more than a slider reaches of itself.
      Object.assign(range, { min: Math.min(one.least, from.today), max: Math.max(one.most, from.today), disabled: held });
      if (Number(range.value) !== value) range.value = value;
      field.disabled = held;
      later.replaceChildren(...from.later.map((step) => el("p", { class: "quiet" }, say("bench.later", { ...step, value: number(step.value, 2) }))),
        ...(from.own ? [el("p", { class: "quiet" }, say("bench.own.change", { change: from.own }))] : []));
      if (document.activeElement !== field) field.value = written(value, one);
      range.setAttribute("aria-valuetext", written(value, one));
      const more = Math.round((value - one.today) * 100) / 100;
      change.textContent = one.relative || !more ? "" : `${number(one.today, 2)} → ${number(value, 2)} (${more > 0 ? "+" : ""}${number(more, 2)})`;
      reset.disabled = !(one.name in chosen.values);
      note.textContent = "";
      field.removeAttribute("aria-invalid");
      for (const each of [drawn.get(one.with), drawn.get(one.name)]) each?.scarce();
    }

    function scarce() {
      const other = one.with && about.controls.find((item) => item.name === one.with);
      if (!other) return;
      const own = shown(), its = chosen.values[other.name] ?? begin(other).today;
      const now = own < its && one.today >= other.today;
      limit.classList.toggle("hidden", !now);
      limit.textContent = now ? say("bench.limit", { control: one.title }) : "";
    }

    range.addEventListener("input", () => { set(Number(range.value)); rested = false; look(); });
    range.addEventListener("change", () => { set(Number(range.value)); settle(); });
    // Dragged away and back to where it was, a slider has moved and tells of no change: the run follows all the same.
    for (const end of ["pointerup", "keyup", "blur"]) range.addEventListener(end, () => setTimeout(() => { if (!rested) settle(); }, 50));
    field.addEventListener("change", () => {
      const value = valueIn(field, one, note);
      if (value === undefined) return;
      set(value);
      settle();
    });
    field.addEventListener("blur", () => { if (!field.hasAttribute("aria-invalid")) field.value = written(shown(), one); });
    drawn.set(one.name, { set, scarce, refresh });
    const first = one.with && about.controls.findIndex((item) => item.name === one.with) > about.controls.indexOf(one);
    const lock = first && el("label", {}, el("input", { type: "checkbox", checked: !chosen.unlocked, onchange: (event) => {
      chosen.unlocked = !event.target.checked;
      remember();
    } }), ` ${say("bench.lock")}`);
    const out = el("div", { class: "control", role: "group", "aria-label": one.title }, el("b", {}, one.title),
      el("div", { class: "row" }, range, field), el("div", { class: "under" }, change, reset), note, limit,
      later, lock);
    refresh();
    return out;
  }

  function dated() {
    const closing = about.controls.find((one) => one.kind === "closures");
    const add = (row) => {
      chosen.rows = [...chosen.rows, row];
      redraw(`what-${chosen.rows.length}`);
    };
    return el("div", { class: "control" }, el("h3", {}, say("bench.dated")),
      chosen.rows.map((row, place) => datedRow(row, place)),
      el("div", { class: "under" },
        el("button", { type: "button", class: "small", id: "add-row", onclick: () => {
          const one = about.controls[0];
          add({ control: one.name, value: firstOf(one), since: about.today, through: "" });
        } }, say("bench.dated.add")),
        closing && el("button", { type: "button", class: "small", onclick: () =>
          add({ control: closing.name, value: "", since: `${chosen.year}-07-01`, through: `${chosen.year}-07-31` }) },
          say("bench.july", { year: chosen.year }))));
  }

  function datedRow(row, place) {
    const one = about.controls.find((item) => item.name === row.control), note = el("p", { class: "wrong wide", role: "alert" });
    const changed = () => { chosen.rows = [...chosen.rows]; settle(); };
    const what = el("select", { id: `what-${place + 1}`, onchange: () => {
      const one = about.controls.find((item) => item.name === what.value);
      Object.assign(row, { control: one.name, value: firstOf(one) });
      redraw(what.id);
    } }, about.controls.map((one) => el("option", { value: one.name, selected: one.name === row.control }, one.title)));
    const day = (key) => {
      const input = el("input", { type: "date", value: row[key], min: about.start, max: about.end,
        onchange: () => { row[key] = input.value; changed(); } });
      return input;
    };
    const amount = () => {
      const plain = Number(row.value), input = el("input", { inputmode: "decimal", autocomplete: "off",
        value: row.value && Number.isFinite(plain) ? written(plain, one) : row.value ?? "", onchange: () => {
          const value = valueIn(input, one, note);
          if (value === undefined) return;
          row.value = String(value);
          input.value = written(value, one);
          changed();
        } });
      return el("label", {}, say("bench.value"), input);
    };
    const days = () => el("div", { class: "wide", role: "group", "aria-label": say("bench.value") },
      dayBoxes(() => row.value ?? "", (value) => { row.value = value; changed(); }, note).nodes);
    return el("fieldset", { class: "dated-row" },
      el("legend", { class: "quiet" }, `${place + 1}`),
      el("label", { class: "wide" }, say("bench.dated.what"), what),
      el("label", {}, say("bench.dated.since"), day("since")),
      el("label", {}, say("bench.dated.through"), day("through")),
      one?.kind === "weekdays" ? days() : one && one.kind !== "closures" && amount(),
      el("button", { type: "button", class: "small", "aria-label": say("bench.dated.remove", { number: place + 1 }), onclick: () => {
        chosen.rows = chosen.rows.filter((one) => one !== row);
        redraw("add-row");
      } }, say("bench.dated.remove.short")), note);
  }

  // --- The screen ---

  const panels = [["way", picture.node], ["time", lines.node]];
  const tabs = panels.map(([key, node], place) => {
    const panel = el("div", { role: "tabpanel", id: `panel-${key}`, "aria-labelledby": `tab-${key}`, class: place ? "hidden" : "" }, node);
    const tab = el("button", { type: "button", role: "tab", id: `tab-${key}`, "aria-controls": `panel-${key}`,
      "aria-selected": String(!place), tabindex: place ? -1 : 0, onclick: () => select(place) }, say(`tab.${key}`));
    return { tab, panel };
  });
  function select(place) {
    tabs.forEach(({ tab, panel }, number) => {
      tab.setAttribute("aria-selected", String(number === place));
      tab.tabIndex = number === place ? 0 : -1;
      panel.classList.toggle("hidden", number !== place);
    });
    tabs[place].tab.focus();
    lines.draw();
    if (last) picture.show({});
  }
  const bar = el("div", { class: "tabs", role: "tablist", "aria-label": say("tabs"), onkeydown: (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const now = tabs.findIndex(({ tab }) => tab === document.activeElement);
    if (step && now >= 0) select((now + step + tabs.length) % tabs.length);
  } }, tabs.map(({ tab }) => tab));
  const years = el("select", { id: "year", onchange: () => { chosen.year = Number(years.value); settle(); } },
    about.years.map((year) => el("option", { value: year, selected: year === chosen.year }, String(year))));

  stand();
  controls();
  ranked();
  main.append(el("h1", {}, say("bench.title")), el("div", { class: "bench" }, form, el("div", {},
    el("div", { class: "bar" }, el("label", { for: "year" }, say("bench.year")), years), nothing, status, spoken, wrong, tiles,
    el("section", { class: "card" }, bar, tabs.map(({ panel }) => panel)),
    el("section", { class: "card" }, el("h2", { id: "runs" }, say("runs")), history), again)), strip);
  settle();
  return () => {
    left = true;
    looking?.abort();
    looking = null;
    stopRun();
    picture.pause();
    lines.close();
  };
}
