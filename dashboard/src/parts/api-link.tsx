import * as Popover from "@radix-ui/react-popover";
import type { Call } from "../api/call";
import { useSession } from "../session/session";
import { CopyButton } from "./copy";
import { Icon } from "./icons";

export type Source = Call<unknown> | null | undefined;

/** Where numbers come from: the calls of the API that gave them, to copy or to open. */
export function ApiLink({ calls, of }: { calls: Source[]; of: string }) {
  const { auth } = useSession();
  const urls = calls.flatMap((call) => (call ? [call.url] : []));
  if (urls.length === 0) return null;
  return (
    <Popover.Root>
      <Popover.Trigger asChild>
        <button type="button" className="button quiet icon small" aria-label={`API calls behind ${of}`} title="Where these numbers come from">
          <Icon name="api" size={14} />
        </button>
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content className="popover calls" align="end" sideOffset={4} collisionPadding={12}>
          <p className="small muted">{urls.length === 1 ? "This call of the API gave these numbers:" : "These calls of the API gave these numbers:"}</p>
          <ul className="stack">
            {urls.map((url) => (
              <li key={url}>
                <code data-testid="api-url">GET {url}</code>
                <div className="row">
                  <CopyButton text={location.origin + url} label="URL" />
                  <CopyButton text={curl(url, auth === "required")} label="curl" />
                  {auth === "off" && (
                    <a className="button quiet small" href={url} target="_blank" rel="noreferrer">
                      <Icon name="open" size={13} /> Open
                    </a>
                  )}
                </div>
              </li>
            ))}
          </ul>
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}

function curl(url: string, withKey: boolean): string {
  const key = withKey ? ' -H "Authorization: Bearer $LLMOBSERVE_API_KEY"' : "";
  return `curl '${location.origin}${url.replaceAll("'", "%27")}'${key}`;
}
