namespace Sallyport.Proxy.Identity.Pages;

/// <summary>How pages look: the system's font, one column, contrast of at least 7:1 (WCAG 1.4.6), a visible focus.</summary>
internal static class StyleSheet
{
    public const string Text = """
        :root { color-scheme: light dark; --ink: #1b1b1f; --paper: #fff; --line: #767680; --link: #0b4a9e; --bad: #8c0d19; --warn: #fff4d6; }
        @media (prefers-color-scheme: dark) { :root { --ink: #f0f0f4; --paper: #17171b; --line: #9a9aa5; --link: #a9c8ff; --bad: #ffb3b3; --warn: #3a2f12; } }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--paper); color: var(--ink); font: 1.05rem/1.5 system-ui, sans-serif; }
        main { max-width: 30rem; margin: 8vh auto; padding: 0 1.25rem; }
        h1 { font-size: 1.6rem; }
        label { display: block; margin-top: 1rem; font-weight: 600; }
        input { width: 100%; padding: .6rem; font: inherit; color: inherit; background: transparent; border: 1px solid var(--line); border-radius: .3rem; }
        input[aria-invalid] { border-color: var(--bad); }
        button, a.button { display: inline-block; margin: 1.25rem .75rem 0 0; padding: .6rem 1.2rem; font: inherit; font-weight: 600; color: var(--paper); background: var(--link); border: 0; border-radius: .3rem; text-decoration: none; cursor: pointer; }
        a { color: var(--link); }
        :focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
        .error { color: var(--bad); font-weight: 600; }
        .hint { margin: 0; font-size: .9rem; }
        .warning { padding: .75rem; background: var(--warn); border-left: .3rem solid var(--line); }
        dt { font-weight: 600; margin-top: .5rem; }
        dd { margin: 0; overflow-wrap: anywhere; }
        .qr { width: 14rem; padding: 1rem; background: #fff; }
        code { overflow-wrap: anywhere; }
        """;
}
