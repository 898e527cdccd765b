"use strict";
// Shows the data of the page. Everything from it becomes text or a number, never markup.
(() => {
  const { analysis, page } = JSON.parse(document.getElementById("data").textContent);
  const { tokens, loss, model } = analysis;
  const { labels } = page;
  const n = tokens.length;
  const run = page.run;
  const frames = run ? run.frames : [];
  const NATS = 8;
  const SVG = "http://www.w3.org/2000/svg";
  let cursor = Math.min(page.cursor, n);
  let frame = frames.findIndex((one) => one.step === run.shown);
  const own = frame; // the frame whose numbers are those of the analysis

  const at = (id) => document.getElementById(id);
  const say = (id, text) => { at(id).textContent = text; };
  /** An element with text and children, which may be text too. */
  const el = (name, css, ...children) => {
    const made = document.createElement(name);
    if (css) made.className = css;
    made.append(...children);
    return made;
  };
  const svg = (name, attributes) => {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  };
  const fill = (id, children) => at(id).replaceChildren(...children);
  const number = (value, digits) => (value === null || value === undefined ? "–" : value.toFixed(digits));
  const count = (value) => value.toLocaleString("en");
  const chance = (p) => {
    if (p === null || p === undefined) return "–";
    if (p >= 0.00095) return p.toFixed(4);
    if (p === 0) return "0";
    const [digits, power] = p.toExponential(1).split("e");
    return `${digits}·10${[...power].map((c) => ({ "-": "⁻" })[c] || "⁰¹²³⁴⁵⁶⁷⁸⁹"[c]).join("")}`;
  };
  const heat = (nll) => (nll === null || nll === undefined ? "" : `h${Math.min(NATS - 1, Math.floor(nll))}`);
  const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
  const plural = (amount, one) => `${count(amount)} ${one}${amount === 1 ? "" : "s"}`;

  /** What predicts token t, n being what would come next: after the step of the slider, or as the page was made. */
  function row(t) {
    if (frame >= 0 && frame !== own) {
      const kept = frames[frame].rows[t];
      if (!kept) return null;
      const [nll, rank, entropy, top] = kept;
      return { nll, rank, entropy, p: nll === null ? null : Math.exp(-nll), top: top.map(([id, p]) => ({ id, p })) };
    }
    const kept = t < n ? tokens[t] : analysis.next;
    return kept && kept.entropy !== null ? kept : null;
  }
  const figures = () => (frame >= 0 && frame !== own ? frames[frame] : { ...loss, loss: loss.mean });
  const label = (id) => page.vocabulary[id] || `#${id}`;

  function drawLead() {
    const kind = analysis.source.kind === "chat" ? "chat" : "text";
    say("title", page.name);
    say("lead", `${model.name} read this ${kind} of ${plural(n, "token")} and predicted each of them from those before it. ` +
      `Under the mask “${page.mask}” ${count(loss.scored)} of its ${plural(loss.targets, "prediction")} ` +
      `${loss.scored === 1 ? "counts" : "count"}` +
      (loss.scored === 0 ? ": the loss is undefined." : "."));
    say("broken", page.under || "");
    at("broken").hidden = !page.under;
    say("made", `Made with Lossglass ${page.version} from the numbers of ${model.name} (${model.architecture}, ` +
      `${count(model.parameters)} parameters, ${model.device}). Logarithms are natural; a nat is 1.44 bits. ` +
      "This page holds all its data and asks nothing of the network.");
  }

  function drawFigures() {
    const now = figures();
    const by = { scored: "nats, the mean over the tokens that count", weights: "nats, divided by the sum of the weights",
      all: "nats, divided by all predictions", sum: "nats, the sum over the tokens that count" }[analysis.mask.denominator];
    const boxes = [
      ["loss", "Loss", number(now.loss, 4), "nats", by.replace("nats, ", "")],
      ["perplexity", "Perplexity", number(now.perplexity, 3), "", "as unsure as among so many equally likely tokens"],
      ["bits", "Bits per byte", number(now.bits_per_byte, 4), "", "of the text that counts; fair between models"],
      ["accuracy", "First guess right", now.accuracy === null ? "–" : (100 * now.accuracy).toFixed(1), "%", "of the tokens that count"],
    ];
    fill("figures", boxes.map(([id, name, value, unit, about]) => {
      const figure = el("dd", "value", value, el("span", "unit", value === "–" || !unit ? "" : ` ${unit}`));
      figure.id = `figure-${id}`;
      return el("div", "", el("dt", "", name), figure, el("dd", "small note", about));
    }));
  }

  const strip = [];
  function buildStrip() {
    const parts = [];
    labels.forEach((text, t) => {
      const piece = el("span", "token", text);
      piece.dataset.t = t;
      strip.push(piece);
      parts.push(piece);
      if (page.ends_line[t]) parts.push(el("br"));
      else parts.push(document.createElement("wbr"));
    });
    const next = el("span", "token next", "what comes next?");
    next.dataset.t = n;
    strip.push(next);
    parts.push(next);
    fill("strip", parts);
    fill("ramp", [...Array(NATS)].map((_, level) => el("i", `h${level}`)));
  }
  function drawStrip() {
    strip.forEach((piece, t) => {
      const here = t < n ? row(t) : null;
      const css = ["token", t < n ? heat(here && here.nll) : "next"];
      if (t < n && tokens[t].weight !== 0) css.push("scored");
      if (t === cursor) css.push("picked");
      piece.className = css.filter(Boolean).join(" ");
      if (t < n) piece.title = here ? `−log p ${number(here.nll, 3)}` : "nothing predicts it";
    });
  }

  const bar = (css, text, share, said) => {
    const line = el("li", css, el("span", "token", text), el("i"), el("span", "p", said));
    line.children[0].title = text;
    line.children[1].style.width = `${Math.max(0, Math.min(1, share)) * 100}%`;
    return line;
  };

  function drawPlace() {
    const here = row(cursor);
    const isNext = cursor === n;
    const token = isNext ? null : tokens[cursor];
    const reads = analysis.labels === "same" ? cursor + 1 : cursor;
    say("where", isNext ? `After all ${plural(n, "token")}` : `Token ${cursor}, counted from 0`);
    say("before", (reads > 6 ? "…" : "") + labels.slice(Math.max(0, reads - 6), reads).join("") + (reads ? " → " : ""));
    const target = at("target");
    target.textContent = isNext ? "?" : labels[cursor];
    target.className = `token ${here ? heat(here.nll) : ""}`;
    if (!here) {
      say("sum", "Nothing stands before it, so nothing predicts it.");
    } else if (isNext) {
      say("sum", "This is what the model would write next.");
    } else {
      say("sum", `p = ${chance(here.p)}, so that it cost −log p = ${number(here.nll, 3)} nats. It was ` +
        (here.rank === 1 ? "the model’s first guess." : `guess ${count(here.rank)} of ${count(model.vocab_size)}.`));
    }
    say("counts", isNext ? "" : countsWords(token));
    at("back").disabled = cursor === 0;
    at("on").disabled = isNext;
    say("guesses-head", here ? `What it expected after ${plural(reads, "token")}` : "");
    fill("guesses", here ? guesses(here, token) : []);
    say("undecided", here ? `Entropy ${number(here.entropy, 3)} nats: as undecided as among ` +
      `${Math.exp(here.entropy).toFixed(1)} equally likely tokens.` : "");
  }
  const why = (token) => token.reason.replace(/^(un)?scored( with weight [^:]*)?: /, "");
  const countsWords = (token) => {
    const weight = token.weight === 0 || token.weight === 1 ? "" : ` with weight ${token.weight}`;
    return `${token.weight === 0 ? "Does not count" : `Counts${weight}`}: ${why(token)}.`;
  };
  function guesses(here, token) {
    const most = here.top.length ? here.top[0].p : 1;
    const lines = here.top.map(({ id, p }) => bar(token && id === token.id ? "true" : "", label(id), p / most, chance(p)));
    let rest = 1 - here.top.reduce((sum, { p }) => sum + p, 0);
    if (token && here.p !== null && !here.top.some(({ id }) => id === token.id)) {
      lines.push(bar("true", `${labels[cursor]}`, here.p / most, chance(here.p)));
      rest -= here.p;
    }
    if (rest > 0.0005) lines.push(bar("rest", "all others", rest / most, chance(rest)));
    return lines;
  }

  const rows = [];
  function buildTable() {
    const body = el("tbody");
    tokens.forEach((token, t) => {
      const line = el("tr", "", el("td", "number", String(t)), el("td", "token", labels[t]), el("td", "number"),
        el("td", "meter", el("i")), el("td", "number"), el("td", "number"), el("td", "number more"),
        el("td", "", token.weight === 0 ? "·" : token.weight === 1 ? "●" : `● ${token.weight}`), el("td", "token more"),
        el("td", "why more", why(token)));
      if (token.weight !== 0) line.children[1].classList.add("scored");
      line.dataset.t = t;
      rows.push(line);
      body.append(line);
    });
    at("table").append(body);
  }
  function drawTable() {
    rows.forEach((line, t) => {
      const here = row(t);
      const cells = line.children;
      cells[2].textContent = here ? number(here.nll, 3) : "–";
      const meter = cells[3].firstChild;
      meter.className = here ? heat(here.nll) : "";
      meter.style.width = here ? `${Math.min(1, here.nll / NATS) * 100}%` : "0";
      cells[4].textContent = here ? chance(here.p) : "–";
      cells[5].textContent = here ? count(here.rank) : "–";
      cells[6].textContent = here ? number(here.entropy, 3) : "–";
      cells[8].textContent = here && here.top.length ? label(here.top[0].id) : "";
      line.classList.toggle("picked", t === cursor);
    });
  }

  const pins = [];
  function buildMasks() {
    const body = el("tbody");
    let trainers = false;
    for (const mask of page.masks) {
      if (mask.trainer && !trainers) {
        trainers = true;
        const title = el("td", "", "as trainers score it");
        title.colSpan = 4;
        body.append(el("tr", "group", title));
      }
      const picture = svg("svg", { viewBox: `0 0 ${n} 1`, preserveAspectRatio: "none", "aria-hidden": "true" });
      picture.append(svg("rect", { class: "bed", x: 0, y: 0, width: n, height: 1 }));
      for (let t = 0; t < n; t++) {
        const weight = mask.weights[t];
        let end = t + 1;
        while (end < n && mask.weights[end] === weight) end++;
        if (weight !== 0) {
          const width = end - t - (end < n ? 0.12 : 0);
          picture.append(svg("rect", { class: "on", x: t, y: 0.1, width, height: 0.8, opacity: Math.min(1, 0.25 + 0.75 * weight) }));
        }
        t = end - 1;
      }
      const pin = svg("rect", { class: "pin", x: 0, y: 0, width: Math.max(0.15, n / 300), height: 1 });
      picture.append(pin);
      pins.push(pin);
      body.append(el("tr", mask.current ? "current" : "",
        el("td", "", mask.name, el("span", "about-mask", mask.about)), el("td", "", picture),
        el("td", "number", String(mask.scored)), el("td", "number", number(mask.loss, 4))));
    }
    at("masks").append(body);
  }
  function drawMasks() {
    for (const pin of pins) {
      pin.setAttribute("x", Math.min(cursor, n - 0.2) + 0.4);
      pin.setAttribute("visibility", cursor < n ? "visible" : "hidden");
    }
  }

  const attention = analysis.attention;
  const from = page.attention_from || 0;
  function buildAttention() {
    if (!attention) return;
    at("attention").hidden = false;
    const head = typeof attention.head === "number" ? `head ${attention.head}` : `${attention.head} over its heads`;
    say("attention-about", `Layer ${attention.layer}, ${head}, counted from 0${run ? `, after step ${run.shown}` : ""}. ` +
      "Each position shares out a weight of 1 among itself and the tokens before it: a row is what one position reads.");
    at("grid").addEventListener("click", (event) => {
      const box = at("grid").getBoundingClientRect();
      const query = from + Math.floor(((event.clientY - box.top) / box.height) * attention.weights.length);
      move(analysis.labels === "same" ? query : query + 1);
    });
  }
  /** The weights as a picture, drawn once for each scheme of colours. */
  function gridPicture() {
    const { weights } = attention;
    const cell = Math.max(1, Math.min(16, Math.floor(960 / n)));
    const canvas = document.createElement("canvas");
    canvas.width = n * cell;
    canvas.height = weights.length * cell;
    const ink = getComputedStyle(document.documentElement);
    const paint = canvas.getContext("2d");
    paint.fillStyle = ink.getPropertyValue("--raised");
    paint.fillRect(0, 0, canvas.width, canvas.height);
    paint.fillStyle = ink.getPropertyValue("--accent");
    weights.forEach((values, i) => values.forEach((weight, j) => {
      if (weight === 0) return;
      paint.globalAlpha = Math.min(1, 0.06 + 0.94 * Math.sqrt(weight));
      paint.fillRect(j * cell, i * cell, cell, cell);
    }));
    return { canvas, cell, outline: ink.getPropertyValue("--ink") };
  }
  let picture = null;
  function drawAttention() {
    if (!attention) return;
    picture = picture || gridPicture();
    const { canvas, cell, outline } = picture;
    const grid = at("grid");
    [grid.width, grid.height] = [canvas.width, canvas.height];
    const paint = grid.getContext("2d");
    paint.drawImage(canvas, 0, 0);
    const query = analysis.labels === "same" ? cursor : cursor - 1;
    const here = attention.weights[query - from];
    if (here) {
      paint.strokeStyle = outline;
      paint.lineWidth = Math.max(1, cell / 8);
      paint.strokeRect(0.5, (query - from) * cell + 0.5, (query + 1) * cell - 1, Math.max(1, cell - 1));
    }
    say("looks-head", here ? `To predict ${cursor < n ? labels[cursor] : "what comes next"}, it reads` : "Nothing is read here");
    const strongest = here ? here.map((weight, t) => ({ weight, t })).filter(({ weight }) => weight > 0) : [];
    strongest.sort((a, b) => b.weight - a.weight || a.t - b.t);
    fill("looks", strongest.slice(0, 8).map(({ weight, t }) => bar("", `${t} ${labels[t]}`, weight / strongest[0].weight, chance(weight))));
  }

  function buildFilm() {
    if (!frames.length) return;
    at("film").hidden = false;
    const slider = at("step");
    slider.max = frames.length - 1;
    slider.value = frame;
    slider.addEventListener("input", () => { frame = Number(slider.value); draw(); });
    let playing = null;
    const play = at("play");
    play.addEventListener("click", () => {
      if (playing !== null) { clearInterval(playing); playing = null; play.textContent = "▶"; return; }
      play.textContent = "❚❚";
      if (frame === frames.length - 1) frame = -1;
      playing = setInterval(() => {
        frame += 1;
        slider.value = frame;
        draw();
        if (frame >= frames.length - 1) play.click();
      }, Math.max(60, Math.min(500, 6000 / frames.length)));
    });
  }
  function drawFilm() {
    if (!frames.length) return;
    const { step, loss: cost } = frames[frame];
    const last = run.steps;
    say("step-says", `${step === 0 ? "before the first step" : `after step ${step} of ${last}`} · loss ${number(cost, 4)}`);
    const curve = at("curve");
    const [width, height, left, foot] = [Math.max(280, curve.clientWidth), 136, 44, 20];
    curve.setAttribute("viewBox", `0 0 ${width} ${height}`);
    const known = frames.filter((one) => one.loss !== null);
    const most = Math.max(...known.map((one) => one.loss), 1e-9);
    const first = frames[0].step;
    const x = (s) => left + ((width - left - 6) * (s - first)) / Math.max(1, last - first);
    const y = (value) => 22 + (height - foot - 22) * (1 - value / most);
    const points = known.map((one) => `${x(one.step).toFixed(1)},${y(one.loss).toFixed(1)}`);
    const word = (text, attributes) => { const made = svg("text", attributes); made.textContent = text; return made; };
    const now = cost === null ? [] : [svg("circle", { class: "dot", cx: x(step), cy: y(cost), r: 4 })];
    curve.replaceChildren(
      svg("line", { class: "axis", x1: left, y1: y(0), x2: width - 6, y2: y(0) }),
      svg("polyline", { class: "line", points: points.join(" ") }),
      svg("line", { class: "now", x1: x(step), y1: 18, x2: x(step), y2: y(0) }), ...now,
      word("loss in nats", { x: left, y: 11 }),
      word(most.toFixed(2), { x: left - 7, y: y(most) + 4, "text-anchor": "end" }),
      word("0", { x: left - 7, y: y(0) + 4, "text-anchor": "end" }),
      word(`step ${first}`, { x: left, y: height - 4 }),
      word(`step ${last}`, { x: width - 6, y: height - 4, "text-anchor": "end" }));
  }

  function drawNotes() {
    const lines = analysis.notes.map((note) => capital(note));
    for (const finding of analysis.findings) lines.push(`${capital(finding.message)}${finding.token === null ? "" : ` (token ${finding.token})`}; ${finding.fix}`);
    at("notes").hidden = lines.length === 0;
    fill("notes-list", lines.map((line) => el("li", "", line)));
  }

  function draw() { drawFigures(); drawFilm(); drawStrip(); drawPlace(); drawTable(); drawAttention(); drawMasks(); }
  /** Only what depends on the cursor is drawn anew. */
  function move(t) {
    const before = cursor;
    cursor = Math.max(0, Math.min(n, t));
    if (cursor === before) return;
    strip[before].classList.remove("picked");
    strip[cursor].classList.add("picked");
    if (rows[before]) rows[before].classList.remove("picked");
    if (rows[cursor]) rows[cursor].classList.add("picked");
    drawPlace(); drawAttention(); drawMasks();
    const [box, piece] = [at("strip").getBoundingClientRect(), strip[cursor].getBoundingClientRect()];
    if (piece.top < box.top) at("strip").scrollTop -= box.top - piece.top + 8;
    else if (piece.bottom > box.bottom) at("strip").scrollTop += piece.bottom - box.bottom + 8;
  }

  function listen() {
    const pick = (event) => {
      const found = event.target.closest("[data-t]");
      if (found) move(Number(found.dataset.t));
    };
    at("strip").addEventListener("click", pick);
    at("table").addEventListener("click", pick);
    at("back").addEventListener("click", () => move(cursor - 1));
    at("on").addEventListener("click", () => move(cursor + 1));
    document.addEventListener("keydown", (event) => {
      if (event.target === at("step") || event.ctrlKey || event.altKey || event.metaKey) return;
      const to = { ArrowLeft: cursor - 1, ArrowRight: cursor + 1, Home: 0, End: n }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      move(to);
    });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { picture = null; drawAttention(); });
    window.addEventListener("resize", drawFilm);
  }

  drawLead(); buildStrip(); buildTable(); buildMasks(); buildAttention(); buildFilm(); drawNotes(); draw(); listen();
  workSheet({ analysis, page, frames, at, el, number, chance, plural });
})();
