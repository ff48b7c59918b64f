import { type ComponentType, lazy, type ReactNode, useState } from "react";

interface Later<Props> {
  (props: Props): ReactNode;
  load(): void;
}

/**
 * A page whose code comes when someone goes there, or before, when there is time for it. Code that is here is
 * shown at once: a page that suspends, be it for a moment, is held back by React for 300 ms.
 */
export function later<Props extends object>(load: () => Promise<{ default: ComponentType<Props> }>): Later<Props> {
  let loaded: ComponentType<Props> | undefined;
  const begin = async () => {
    const module = await load();
    loaded = module.default;
    return module;
  };
  const Suspended = lazy(begin) as unknown as ComponentType<Props>;
  function Page(props: Props) {
    // The same for as long as the page stands, so that it keeps its state.
    const [Shown] = useState(() => loaded ?? Suspended);
    return <Shown {...props} />;
  }
  // What does not come now is asked for again when someone goes there.
  return Object.assign(Page, { load: () => void begin().catch(() => undefined) });
}
