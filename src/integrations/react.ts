/**
 * `thimble/react`: scopes that live as long as a component, and services for the components below.
 *
 * ```tsx
 * import { createRoot } from "react-dom/client";
 * import { createContainer, scoped, singleton } from "thimble";
 * import { ScopeProvider, useService } from "thimble/react";
 *
 * const app = createContainer(singleton(Api), scoped(Cart, [Api]));
 *
 * function Items() {
 *   const cart = useService(Cart); // suspends while it has to be waited for
 *   return <p>{cart.items.length} items</p>;
 * }
 *
 * createRoot(document.body).render(
 *   <ScopeProvider scope={app}>
 *     <ScopeProvider name="page" providers={[]}>
 *       <Items />
 *     </ScopeProvider>
 *   </ScopeProvider>,
 * );
 * ```
 *
 * Works with React 18 and 19. It is the one file of this package that imports another package.
 *
 * @module
 */

export { ScopeProvider, type ScopeProviderProps, useScope } from "./react/provider.ts";
export { useService } from "./react/service.ts";
