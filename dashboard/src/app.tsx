import { Suspense, useEffect } from "react";
import { Route, Switch } from "wouter";
import type { ServerConfig } from "./api/session";
import { ClockProvider } from "./filters/clock";
import { Overview } from "./pages/overview";
import { later } from "./parts/later";
import { Empty, SkeletonRows } from "./parts/states";
import { SessionGate } from "./session/session";
import { SignedIn } from "./session/signed-in";
import { Shell } from "./shell/shell";

/** The first page has the line for itself that long. */
const OTHERS_AFTER_MS = 2000;

// The first page comes at once; the others behind it, or when someone goes there.
const Runs = later(() => import("./pages/runs"));
const Run = later(() => import("./pages/run"));
const Models = later(() => import("./pages/models"));
const Sections = later(() => import("./pages/sections"));
const Customers = later(() => import("./pages/customers"));
const Customer = later(() => import("./pages/customer"));
const Insights = later(() => import("./pages/insights"));
const Settings = later(() => import("./pages/settings"));
const Docs = later(() => import("./pages/docs"));
const Admin = later(() => import("./pages/admin"));

export function App({ config, skewMs }: { config: ServerConfig; skewMs: number }) {
  return (
    <Switch>
      <Route path="/app/signed-in"><SignedIn config={config} /></Route>
      <Route path="/docs"><Suspense fallback={<SkeletonRows />}><Docs /></Suspense></Route>
      <Route>
        <ClockProvider skewMs={skewMs}>
          <SessionGate config={config}>
            <Shell>
              <Suspense fallback={<SkeletonRows />}><Pages /></Suspense>
            </Shell>
          </SessionGate>
        </ClockProvider>
      </Route>
    </Switch>
  );
}

function Pages() {
  useEffect(() => {
    const timer = setTimeout(() => [Runs, Run, Models, Sections, Customers, Customer, Insights].forEach((page) => page.load()), OTHERS_AFTER_MS);
    return () => clearTimeout(timer);
  }, []);
  return (
    <Switch>
      <Route path="/"><Overview /></Route>
      <Route path="/app/runs"><Runs /></Route>
      <Route path="/app/runs/:id">{({ id }) => <Run key={id} id={id} />}</Route>
      <Route path="/app/models"><Models /></Route>
      <Route path="/app/sections"><Sections /></Route>
      <Route path="/app/customers"><Customers /></Route>
      <Route path="/app/customers/:id">{({ id }) => <Customer key={id} id={id} />}</Route>
      <Route path="/app/insights"><Insights /></Route>
      <Route path="/app/settings"><Settings /></Route>
      <Route path="/app/admin"><Admin /></Route>
      <Route><Empty title="There is no such page"><p><a href="/">Go to the overview</a></p></Empty></Route>
    </Switch>
  );
}
