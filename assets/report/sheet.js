"use strict";
// The work sheet that is printed before the page: tasks made of the page's own numbers, and their answers.
function workSheet({ analysis, page, frames, at, el, number, chance, plural }) {
  const { tokens, loss, model } = analysis;
  const { labels } = page;
  /** Tokens that the work sheet prints at most. */
  const PRINTED = 160;
  const predicted = tokens.map((token, t) => ({ ...token, t })).filter((token) => token.nll !== null);
  const counted = predicted.filter((token) => token.weight !== 0);
  const blank = () => el("span", "blank", "\u00a0");
  const cells = (values, kind) => el("tr", "", ...values.map((value) => el(kind, "", value)));
  const table = (head, lines) => el("table", "", el("thead", "", cells(head, "th")), el("tbody", "", ...lines.map((line) => cells(line, "td"))));
  const answers = [];
  const task = (words, answer, ...rest) => {
    answers.push(el("li", "", answer));
    return el("div", "task", el("p", "", el("b", "", `${answers.length}. `), words), ...rest);
  };
  const name = (token) => `${token.t} ${labels[token.t]}`;

  // Four tokens between the costliest and the cheapest, of those whose cost one can reckon with.
  const printed = predicted.filter((token) => token.t < PRINTED);
  const clear = printed.filter((token) => token.nll >= 0.05);
  const pool = (clear.length >= 4 ? clear : printed).sort((a, b) => b.nll - a.nll);
  const four = pool.length <= 4 ? pool : [0, 1, 2, 3].map((i) => pool[Math.round((i * (pool.length - 1)) / 3)]);
  const inOrder = four.slice().sort((a, b) => a.t - b.t);
  const tasks = [];
  if (four.length > 1) {
    tasks.push(task("Which of these did the model expect least? Number them, 1 for the greatest surprise, and say why.",
      four.map((token) => `${name(token)} (−log p ${number(token.nll, 3)})`).join(", then "),
      table(["token", "your number", "why"], inOrder.map((token) => [name(token), "", ""]))));
    const line = (token, i) => (i % 2 ? [name(token), "", number(token.nll, 3)] : [name(token), chance(token.p), ""]);
    const answer = (token, i) => (i % 2
      ? `${name(token)}: p = e^−${number(token.nll, 3)} = ${chance(token.p)}`
      : `${name(token)}: −log ${chance(token.p)} = ${number(token.nll, 3)}`);
    tasks.push(task("The token that came costs −log p, with the natural logarithm. Fill in what is missing.",
      inOrder.map(answer).join("; "), table(["token", "p", "−log p"], inOrder.map(line))));
  }
  if (counted.length) {
    const places = counted.slice(0, 40).map((token) => token.t).join(", ");
    tasks.push(task(`Underline above the tokens that count under the mask “${page.mask}”. How many are there?`,
      `${loss.scored}: ${places}${counted.length > 40 ? ", …" : ""}`));
    if (counted.length <= 12 && analysis.mask.denominator === "scored" && counted.every((token) => token.weight === 1)) {
      const costs = counted.map((token) => number(token.nll, 3)).join(", ");
      tasks.push(task(el("span", "", `The tokens that count cost ${costs} nats. The loss is their mean: `, blank()),
        `${number(loss.sum, 3)} / ${loss.scored} = ${number(loss.mean, 4)}`));
    }
  }
  const last = inOrder[inOrder.length - 1];
  if (last && !page.under) {
    const words = `Token ${last.t} is predicted before it is seen. From how many tokens? `;
    tasks.push(task(el("span", "", words, blank(), " What would the loss be worth if the model could see it?"),
      `From ${last.t}. Nothing: a model that sees the answer copies it, its loss falls to 0, and it has learned nothing.`));
  }
  if (frames.length > 1) {
    const [before, after] = [frames[0], frames[frames.length - 1]];
    tasks.push(task(`Training brought the loss from ${number(before.loss, 4)} to ${number(after.loss, 4)} in ` +
      `${plural(after.step - before.step, "step")}. What did the model learn, and what may it have forgotten?`,
      "Compare before and after: tokens that count became cheaper; those that do not count may have become dearer."));
  }
  const pieces = el("p", "tokens");
  labels.slice(0, PRINTED).forEach((text, t) => pieces.append(el("span", "", text, el("sub", "", String(t))), " "));
  if (labels.length > PRINTED) pieces.append(`… and ${plural(labels.length - PRINTED, "token")} more`);
  at("sheet").append(el("p", "brand", "Lossglass"), el("h1", "", `Work sheet: ${page.name}`),
    el("div", "names", el("span", "", "Name"), el("span", "", "Date")),
    el("p", "", `${model.name} reads this ${analysis.source.kind} in ${plural(labels.length, "token")}. The small numbers count them.`),
    pieces, ...tasks, el("div", "answers", el("h2", "", "Answers"), el("ol", "", ...answers)));
}
