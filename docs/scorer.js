// What is written in the reader's language comes first.
Scorer.score = ([name, , , , score]) =>
  score + (/\/ko\//.test(name) === (document.documentElement.lang === "ko") ? 1000 : 0);
