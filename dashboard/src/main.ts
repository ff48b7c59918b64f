import { askAhead } from "./api/ahead";
import { Problem } from "./api/problem";
import "./styles/base.css";
import "./styles/controls.css";
import "./styles/parts.css";
import "./styles/charts.css";
import "./styles/shell.css";

const ahead = askAhead();
const root = document.getElementById("root");
if (root) {
  // All else comes by itself, so that reading it does not hold up the questions.
  import("./boot").then(({ boot }) => boot(root, ahead)).catch((error: unknown) => {
    root.textContent = error instanceof Problem ? error.detail : "The server does not answer. Reload the page to try again.";
  });
}
