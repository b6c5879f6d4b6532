// What happens to scopes and services in a page, each situation with a container of its own. The test bundles this file with
// the development build of React and with the production one, and calls `play` for each situation.
import { Activity, Component, StrictMode, Suspense, useEffect, useState, version } from "react";
import { createRoot } from "react-dom/client";
import { createContainer, scoped, singleton, token, transient, value } from "thimble";
import { observe } from "thimble/observe";
import { ScopeProvider, useScope, useService } from "thimble/react";

class Cart {
  items = ["book"];
}
const Rates = token("rates");
const Name = token("name");
const Draft = token("draft");

/** Waits until it is so. How long that takes says nothing. */
async function until(holds) {
  for (let left = 1000; left > 0; left--) {
    if (holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`it never came: ${holds}`);
}

/** Long enough for whatever React still has to do when nobody tells. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 50));

/** A container, a place on the page, and what has happened in them. */
function stage(...providers) {
  const said = [];
  const errors = [];
  const scopes = { opened: 0, closed: 0 };
  const app = createContainer("app", ...providers);
  observe(app, {
    scopeOpened: ({ scope }) => {
      scopes.opened++;
      said.push(`opened ${scope.name}`);
    },
    scopeClosed: ({ scope }) => {
      if (scope === app) return;
      scopes.closed++;
      said.push(`closed ${scope.name}`);
    },
    built: ({ token }) => said.push(`built ${token.name}`),
    unhandled: ({ error }) => errors.push(error.code ?? error.message),
  });
  const place = document.body.appendChild(document.createElement("div"));
  const root = createRoot(place, {
    onUncaughtError: (error) => errors.push(`uncaught ${error.code ?? error.message}`),
    // Without it React writes them on the console. The boundary has heard of them.
    onCaughtError: () => {},
  });
  Boundary.said = said;
  return {
    app,
    said,
    errors,
    scopes,
    place,
    render: (node) => root.render(node),
    says: (text) => until(() => place.textContent === text),
    async leave(...others) {
      root.unmount();
      await settle();
      for (const scope of others) await scope.shutdown();
      await until(() => scopes.opened === scopes.closed);
      await settle();
      place.remove();
      return { said, scopes: { ...scopes }, left: [...app.children].length, errors };
    },
  };
}

function Items() {
  return <p>{useService(Cart).items.length}</p>;
}

/** Says what its clean-up still finds. */
function Leaf({ said, name = "leaf" }) {
  const scope = useScope();
  const cart = useService(Cart);
  useEffect(() => {
    said.push(`${name} in`);
    return () => {
      said.push(`${name} out, ${scope.state}, ${scope.get(Cart) === cart}`);
    };
  }, [scope]);
  return <p>{cart.items.length}</p>;
}

class Boundary extends Component {
  state = {};
  /** Where it is said what was caught: in React 18 a root takes no function for that. */
  static said;
  static getDerivedStateFromError(error) {
    return { error };
  }
  componentDidCatch(error) {
    Boundary.said.push(`caught ${error.code ?? error.message}`);
  }
  render() {
    const { error } = this.state;
    if (!error) return this.props.children;
    return <button onClick={() => this.setState({ error: undefined })}>{error.code ?? error.message}</button>;
  }
}

/** An asynchronous service that is there when the test says so. */
function slow(what = "ready") {
  const gate = { builds: 0, open: () => gate.resolve(what) };
  gate.factory = () => {
    gate.builds++;
    return new Promise((resolve) => (gate.resolve = resolve));
  };
  return gate;
}

const situations = {
  async "a scope for a component under StrictMode"() {
    const it = stage(scoped(Cart, { dispose: () => void it.said.push("disposed Cart") }));
    it.render(
      <StrictMode>
        <ScopeProvider scope={it.app}>
          <ScopeProvider name="page" providers={[]}>
            <Leaf said={it.said} />
          </ScopeProvider>
        </ScopeProvider>
      </StrictMode>,
    );
    await it.says("1");
    return it.leave();
  },

  async "a container of its own"() {
    const it = stage();
    let container;
    const Look = () => {
      container = useScope();
      return <Items />;
    };
    it.render(
      <StrictMode>
        <ScopeProvider
          name="shop"
          providers={[singleton(Cart, { dispose: () => void it.said.push("disposed Cart") })]}
        >
          <Look />
        </ScopeProvider>
      </StrictMode>,
    );
    await it.says("1");
    it.said.push(`${container.name}, ${container.parent === undefined}, ${container.state}`);
    const result = await it.leave();
    await until(() => container.state === "closed");
    return result;
  },

  async "a child suspends, with a Suspense inside of the provider"() {
    const gate = slow();
    const it = stage(scoped(Rates, gate.factory), scoped(Cart));
    const Page = () => <p>{useService(Rates)}</p>;
    it.render(
      <StrictMode>
        <ScopeProvider scope={it.app}>
          <ScopeProvider name="page" providers={[]}>
            <Suspense fallback="wait">
              <Page />
            </Suspense>
          </ScopeProvider>
        </ScopeProvider>
      </StrictMode>,
    );
    await it.says("wait");
    await until(() => gate.builds > 0);
    gate.open();
    await it.says("ready");
    return { ...(await it.leave()), builds: gate.builds };
  },

  async "a child suspends, with a Suspense outside of the provider"() {
    const gate = slow();
    const it = stage(scoped(Rates, gate.factory), scoped(Cart));
    const Page = () => <p>{useService({ rates: Rates, cart: Cart }).rates}</p>;
    it.render(
      <StrictMode>
        <Suspense fallback="wait">
          <ScopeProvider scope={it.app}>
            <ScopeProvider name="page" providers={[]}>
              <Page />
            </ScopeProvider>
          </ScopeProvider>
        </Suspense>
      </StrictMode>,
    );
    await it.says("wait");
    await until(() => gate.builds > 0);
    await settle();
    gate.open();
    await it.says("ready");
    return { ...(await it.leave()), builds: gate.builds };
  },

  async "a child suspends outside of a Suspense under StrictMode, for as long as a build takes"() {
    let builds = 0;
    const it = stage(
      scoped(Rates, async () => {
        builds++;
        await new Promise((resolve) => setTimeout(resolve, 20));
        return "ready";
      }),
    );
    const Page = () => <p>{useService(Rates)}</p>;
    it.render(
      <StrictMode>
        <Suspense fallback="wait">
          <ScopeProvider scope={it.app}>
            <ScopeProvider name="page" providers={[]}>
              <Page />
            </ScopeProvider>
          </ScopeProvider>
        </Suspense>
      </StrictMode>,
    );
    await it.says("ready");
    await new Promise((resolve) => setTimeout(resolve, 300));
    it.said.push(it.place.innerHTML);
    return { ...(await it.leave()), builds };
  },

  async "it is left while a child waits"() {
    const gate = slow();
    const it = stage(scoped(Rates, gate.factory, { dispose: () => void it.said.push("disposed rates") }));
    const Page = () => <p>{useService(Rates)}</p>;
    it.render(
      <ScopeProvider scope={it.app}>
        <ScopeProvider name="page" providers={[]}>
          <Suspense fallback="wait">
            <Page />
          </Suspense>
        </ScopeProvider>
      </ScopeProvider>,
    );
    await it.says("wait");
    await until(() => gate.builds > 0);
    setTimeout(gate.open, 20);
    return it.leave();
  },

  async "an Activity around the provider is hidden and shown"() {
    const it = stage(scoped(Cart));
    let show;
    const Page = () => {
      const [mode, setMode] = useState("visible");
      show = setMode;
      return (
        <Activity mode={mode}>
          <ScopeProvider name="page" providers={[]}>
            <Leaf said={it.said} />
            <ScopeProvider name="dialog" providers={[]}>
              <Leaf said={it.said} name="inner leaf" />
            </ScopeProvider>
          </ScopeProvider>
        </Activity>
      );
    };
    it.render(
      <StrictMode>
        <ScopeProvider scope={it.app}>
          <Page />
        </ScopeProvider>
      </StrictMode>,
    );
    await it.says("11");
    await settle();
    it.said.length = 0;
    show("hidden");
    await until(() => it.scopes.opened === it.scopes.closed);
    it.said.push("hidden");
    await settle();
    show("visible");
    await it.says("11");
    // At once, and again, before React has come to anything.
    for (let i = 0; i < 5; i++) {
      show("hidden");
      await Promise.resolve();
      show("visible");
      await new Promise((resolve) => setTimeout(resolve, i));
    }
    await it.says("11");
    const outcome = it.said.slice(0, it.said.indexOf("hidden") + 1);
    return { ...(await it.leave()), said: outcome };
  },

  async "an Activity that is hidden from the beginning"() {
    const it = stage(scoped(Cart));
    it.render(
      <ScopeProvider scope={it.app}>
        <Activity mode="hidden">
          <ScopeProvider name="page" providers={[]}>
            <Items />
          </ScopeProvider>
        </Activity>
      </ScopeProvider>,
    );
    await settle();
    return it.leave();
  },

  async "providers inside of one another"() {
    const it = stage();
    const cart = (name) => scoped(Cart, { dispose: () => void it.said.push(`disposed the cart of ${name}`) });
    it.render(
      <ScopeProvider scope={it.app}>
        <ScopeProvider name="page" providers={[cart("page")]}>
          <Leaf said={it.said} name="outer leaf" />
          <ScopeProvider name="dialog" providers={[cart("dialog")]}>
            <Leaf said={it.said} name="inner leaf" />
          </ScopeProvider>
        </ScopeProvider>
      </ScopeProvider>,
    );
    await it.says("11");
    await settle();
    it.said.length = 0;
    return it.leave();
  },

  async "requests of a page, one of which is in flight when it is left"() {
    const it = stage(scoped(Cart, { dispose: () => void it.said.push("disposed Cart") }));
    const gate = slow("done");
    const Page = () => {
      const scope = useScope();
      const [text, setText] = useState("idle");
      const ask = async (work) => {
        const request = scope.createScope("request", value(Name, "Ada"));
        const [cart, name] = request.get([Cart, Name]);
        await work?.();
        setText(`${name} ${cart.items.length}`);
        if (!work) await request.shutdown();
      };
      return (
        <>
          <button onClick={() => void ask()}>ask</button>
          <button onClick={() => void ask(gate.factory)}>wait</button>
          <p>{text}</p>
        </>
      );
    };
    it.render(
      <ScopeProvider scope={it.app}>
        <ScopeProvider name="page" providers={[]}>
          <Page />
        </ScopeProvider>
      </ScopeProvider>,
    );
    await it.says("askwaitidle");
    it.place.querySelector("button").click();
    await it.says("askwaitAda 1");
    it.place.querySelector("button + button").click();
    await until(() => gate.builds === 1);
    const result = await it.leave();
    gate.open();
    return result;
  },

  async "a build fails, and the boundary tries again"() {
    let builds = 0;
    const it = stage(
      scoped(Rates, async () => {
        await Promise.resolve();
        if (++builds < 3) throw new Error(`no rates ${builds}`);
        return "rates";
      }),
    );
    const Page = () => <p>{useService(Rates)}</p>;
    it.render(
      <StrictMode>
        <ScopeProvider scope={it.app}>
          <ScopeProvider name="page" providers={[]}>
            <Boundary>
              <Suspense fallback="wait">
                <Page />
                <Page />
              </Suspense>
            </Boundary>
          </ScopeProvider>
        </ScopeProvider>
      </StrictMode>,
    );
    await it.says("no rates 1");
    // As long as somebody takes to press the button.
    await new Promise((resolve) => setTimeout(resolve, 400));
    it.place.querySelector("button").click();
    await it.says("no rates 2");
    await new Promise((resolve) => setTimeout(resolve, 400));
    it.place.querySelector("button").click();
    await it.says("ratesrates");
    return { ...(await it.leave()), builds };
  },

  async "a factory throws"() {
    const it = stage(
      scoped(Rates, () => {
        throw new Error("no rates");
      }),
    );
    const Page = () => <p>{useService(Rates)}</p>;
    it.render(
      <ScopeProvider scope={it.app}>
        <ScopeProvider name="page" providers={[]}>
          <Boundary>
            <Page />
          </Boundary>
        </ScopeProvider>
      </ScopeProvider>,
    );
    await until(() => it.place.textContent.startsWith("no rates"));
    return it.leave();
  },

  async "what is missing or wrong"() {
    const it = stage(scoped(Cart));
    const Missing = () => useService(Draft);
    it.render(
      <>
        <Boundary>
          <Items />
        </Boundary>
        <Boundary>
          <ScopeProvider />
        </Boundary>
        <Boundary>
          <ScopeProvider scope={it.app} providers={[]} />
        </Boundary>
        <Boundary>
          <ScopeProvider scope={it.app}>
            <Missing />
          </ScopeProvider>
        </Boundary>
        <Boundary>
          <ScopeProvider scope={it.app}>
            <ScopeProvider name="page" providers={[value(Name, "one"), value(Name, "two")]}>
              <Items />
            </ScopeProvider>
          </ScopeProvider>
        </Boundary>
      </>,
    );
    const both = "ScopeProvider takes either an open scope or a list of providers";
    await it.says(`SCOPE_NOT_FOUND${both}${both}NOT_PROVIDEDDUPLICATE`);
    return it.leave();
  },

  async "the scope above is replaced"() {
    const it = stage(scoped(Cart));
    const [one, two] = ["one", "two"].map((name) => it.app.createScope(name, value(Name, name)));
    let use;
    const Title = () => <b>{`${useService(Name)} ${useScope().parent.name}`}</b>;
    const Page = () => {
      const [scope, setScope] = useState(one);
      use = setScope;
      return (
        <ScopeProvider scope={scope}>
          <ScopeProvider name="page" providers={[]}>
            <Title />
            <Leaf said={it.said} />
          </ScopeProvider>
        </ScopeProvider>
      );
    };
    it.render(
      <StrictMode>
        <Page />
      </StrictMode>,
    );
    await it.says("one one1");
    await settle();
    it.said.length = 0;
    use(two);
    await it.says("two two1");
    await settle();
    it.said.push("replaced");
    use(one);
    await it.says("one one1");
    it.said.length = it.said.indexOf("replaced");
    const before = [...it.said];
    return { ...(await it.leave(one, two)), said: before };
  },

  async "providers that are another list each time, and another key"() {
    const it = stage();
    let again;
    const Page = () => {
      const [count, setCount] = useState(0);
      again = () => setCount((it) => it + 1);
      return (
        <ScopeProvider key={count > 2} name="page" providers={[scoped(Cart), value(Name, `name ${count}`)]}>
          <Title count={count} />
        </ScopeProvider>
      );
    };
    const Title = ({ count }) => <b>{`${count} ${useService(Name)}`}</b>;
    it.render(
      <ScopeProvider scope={it.app}>
        <Page />
      </ScopeProvider>,
    );
    await it.says("0 name 0");
    again();
    await it.says("1 name 0");
    again();
    await it.says("2 name 0");
    again();
    await it.says("3 name 3");
    return it.leave();
  },

  async transients() {
    let made = 0;
    const Model = token("model");
    const Later = token("later");
    const it = stage(
      transient(Model, () => ({ number: ++made })),
      transient(Later, async () => ({ number: ++made })),
    );
    let again;
    const One = () => {
      const [count, setCount] = useState(0);
      again = () => setCount((it) => it + 1);
      return `${useService(Model).number} ${count};`;
    };
    const Two = () => `${useService(Later).number};`;
    it.render(
      <ScopeProvider scope={it.app}>
        <ScopeProvider name="page" providers={[]}>
          <One />
          <Suspense>
            <Two />
          </Suspense>
        </ScopeProvider>
      </ScopeProvider>,
    );
    await until(() => /^1 0;\d+;$/.test(it.place.textContent));
    const before = it.place.textContent;
    again();
    await it.says(before.replace("1 0", "1 1"));
    return it.leave();
  },

  async "what is replaced is had anew by the next rendering"() {
    const it = stage();
    let again;
    let scope;
    const Page = () => {
      scope = useScope();
      const [count, setCount] = useState(0);
      again = () => setCount((it) => it + 1);
      return `${count} ${useService(Name)}`;
    };
    it.render(
      <ScopeProvider scope={it.app}>
        <ScopeProvider name="page" providers={[singleton(Name, async () => "Ada")]}>
          <Page />
        </ScopeProvider>
      </ScopeProvider>,
    );
    await it.says("0 Ada");
    scope.override(singleton(Name, async () => "Ben"));
    again();
    await it.says("1 Ben");
    return it.leave();
  },

  async "a service with a method then"() {
    class Query {
      text = "draft";
      // oxlint-disable-next-line unicorn/no-thenable -- it is the situation
      then() {
        it.said.push("ran");
      }
    }
    const it = stage(
      singleton(Draft, async () => "draft"),
      singleton(Query, { after: [Draft] }),
    );
    const Page = () => useService(Query).text;
    it.render(
      <ScopeProvider scope={it.app}>
        <Suspense>
          <Page />
        </Suspense>
      </ScopeProvider>,
    );
    await it.says("draft");
    return it.leave();
  },

  async "a disposer fails"() {
    const it = stage(
      scoped(Cart, {
        dispose: () => {
          throw new Error("cart is busy");
        },
      }),
    );
    it.render(
      <ScopeProvider scope={it.app}>
        <ScopeProvider name="page" providers={[]}>
          <Items />
        </ScopeProvider>
      </ScopeProvider>,
    );
    await it.says("1");
    return it.leave();
  },
};

const unheard = [];
addEventListener("unhandledrejection", ({ reason }) => unheard.push(String(reason)));
addEventListener("error", ({ message }) => unheard.push(message));

/** Plays one situation, and gives what came of it. */
globalThis.play = async (name) => {
  unheard.length = 0;
  try {
    const outcome = await situations[name]();
    return { ...outcome, unheard: [...unheard] };
  } catch (error) {
    return { error: String(error.stack), page: document.body.textContent, unheard: [...unheard] };
  } finally {
    document.body.replaceChildren();
  }
};
globalThis.names = Object.keys(situations);
globalThis.version = version;
