/** Read by vite, vitest and svelte-check. */
export default {
  compilerOptions: {
    runes: true,
    // Fragments are made element by element, never by innerHTML, so that the pages run under Trusted Types without a policy.
    fragments: 'tree',
  },
};
