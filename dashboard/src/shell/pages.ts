import type { Facet } from "../filters/view";
import type { IconName } from "../parts/icons";

interface Page {
  path: string;
  label: string;
  icon: IconName;
  /** Whether the time range means something there. */
  timed: boolean;
  /** Whether filters do, and which do not. */
  filtered: Facet[] | null;
  /** Only for who may see all tenants. */
  platform?: boolean;
  holds(path: string): boolean;
}

const page = (path: string, label: string, icon: IconName, more: Partial<Page> = {}): Page => ({
  path, label, icon, timed: true, filtered: [], holds: (at) => at === path, ...more,
});

export const PAGES: Page[] = [
  page("/", "Overview", "overview"),
  page("/app/runs", "Runs", "runs"),
  page("/app/models", "Providers & models", "models"),
  page("/app/sections", "Sections", "sections"),
  page("/app/customers", "Customers", "customers"),
  page("/app/insights", "Insights", "insights", { timed: false, filtered: ["environment", "status"] }),
  page("/app/settings", "Settings", "settings", { timed: false, filtered: null }),
  page("/app/admin", "Admin", "admin", { timed: false, filtered: null, platform: true }),
  // Without a place of their own in the menu.
  page("/app/runs/", "Run", "runs", { timed: false, filtered: null, holds: (at) => at.startsWith("/app/runs/") }),
  page("/app/customers/", "Customer", "customers", { filtered: ["customer_id"], holds: (at) => at.startsWith("/app/customers/") }),
];

export const MENU = PAGES.filter((candidate) => candidate.path === "/" || !candidate.path.endsWith("/"));
