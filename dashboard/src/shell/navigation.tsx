import { Link, useLocation } from "wouter";
import { useHref } from "../filters/use-view";
import icon from "../icon.svg";
import { Icon, type IconName } from "../parts/icons";
import { useSession } from "../session/session";
import { type Theme, useTheme } from "../session/theme";
import { MENU } from "./pages";

export function Navigation() {
  const [path] = useLocation();
  const href = useHref();
  const { seesAll, may, auth, signOut } = useSession();
  const entries = MENU.filter((page) => !page.platform || (seesAll && may("admin")));
  return (
    <div className="side">
      <Link className="brand" href={href("/")}><img src={icon} alt="" /> LLMObserve</Link>
      <nav className="nav" aria-label="Pages">
        {entries.map((page) => (
          <Link
            key={page.path} href={href(page.path)}
            aria-current={page.holds(path) || (page.path !== "/" && path.startsWith(`${page.path}/`)) ? "page" : undefined}
          >
            <Icon name={page.icon} size={16} /> {page.label}
          </Link>
        ))}
      </nav>
      <div className="side-foot">
        {auth === "required" && (
          <button type="button" className="button quiet" style={{ justifyContent: "flex-start" }} onClick={signOut}>
            <Icon name="leave" /> Sign out
          </button>
        )}
        <ThemeSwitch />
      </div>
    </div>
  );
}

const THEMES: { theme: Theme; icon: IconName; label: string }[] = [
  { theme: "system", icon: "system", label: "As the system" },
  { theme: "light", icon: "light", label: "Light" },
  { theme: "dark", icon: "dark", label: "Dark" },
];

function ThemeSwitch() {
  const [theme, setTheme] = useTheme();
  return (
    <div className="segments" role="group" aria-label="Colours" style={{ justifySelf: "start" }}>
      {THEMES.map((entry) => (
        <button key={entry.theme} type="button" aria-pressed={theme === entry.theme} aria-label={entry.label} title={entry.label} onClick={() => setTheme(entry.theme)}>
          <Icon name={entry.icon} size={14} />
        </button>
      ))}
    </div>
  );
}
