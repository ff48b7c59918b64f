import { type ReactNode, useEffect, useRef } from "react";
import { useLocation } from "wouter";
import { FilterBar } from "../filters/filter-bar";
import { Icon } from "../parts/icons";
import { Navigation } from "./navigation";
import { PAGES } from "./pages";
import { TenantSwitcher } from "./tenant-switcher";
import { LiveButton, RangeControls } from "./top-controls";

/** What is around every page. */
export function Shell({ children }: { children: ReactNode }) {
  const [path] = useLocation();
  const drawer = useRef<HTMLDialogElement>(null);
  const page = PAGES.find((candidate) => candidate.holds(path));
  useEffect(() => {
    document.title = page ? `${page.label} · LLMObserve` : "LLMObserve";
    drawer.current?.close();
  }, [page]);
  return (
    <div className="shell">
      <a className="button primary skip" href="#content">Skip to the content</a>
      <Navigation />
      <dialog ref={drawer} className="drawer" aria-label="Menu" onClick={(event) => {
        if (event.target === drawer.current) drawer.current?.close();
      }}>
        <Navigation />
      </dialog>
      <div className="main">
        <header className="top">
          <div className="top-row">
            <button type="button" className="button quiet icon phone-only" aria-label="Menu" onClick={() => drawer.current?.showModal()}>
              <Icon name="menu" size={18} />
            </button>
            <TenantSwitcher />
            <div className="grow" />
            {page?.timed && <><LiveButton /><RangeControls /></>}
          </div>
          {page?.filtered && <FilterBar without={page.filtered} />}
        </header>
        <main className="content" id="content" tabIndex={-1}>{children}</main>
      </div>
    </div>
  );
}
