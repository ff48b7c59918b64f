/** The icons in use, in one size and weight. */
import {
  Activity, ArrowDownRight, ArrowUpRight, Boxes, Braces, Check, ChevronDown, ChevronRight, CircleAlert, Copy, Download,
  ExternalLink, KeyRound, LayoutDashboard, Lightbulb, ListTree, LogOut, type LucideIcon, Menu, Monitor, Moon, Plus,
  RefreshCw, Search, Settings, ShieldCheck, Sun, Trash2, TriangleAlert, Users, Workflow, X,
} from "lucide-react";

const icons = {
  overview: LayoutDashboard, runs: ListTree, models: Boxes, sections: Workflow, customers: Users, insights: Lightbulb,
  settings: Settings, admin: ShieldCheck, api: Braces, copy: Copy, done: Check, open: ExternalLink, download: Download,
  error: CircleAlert, warning: TriangleAlert, up: ArrowUpRight, down: ArrowDownRight, expand: ChevronDown, next: ChevronRight,
  refresh: RefreshCw, search: Search, menu: Menu, close: X, light: Sun, dark: Moon, system: Monitor, leave: LogOut,
  key: KeyRound, add: Plus, remove: Trash2, activity: Activity,
} satisfies Record<string, LucideIcon>;

export type IconName = keyof typeof icons;

export function Icon({ name, size = 15 }: { name: IconName; size?: number }) {
  const Shape = icons[name];
  return <Shape size={size} strokeWidth={1.9} aria-hidden="true" />;
}
