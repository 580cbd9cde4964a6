using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Sallyport.EndToEnd.Tests.Support;

namespace Sallyport.EndToEnd.Tests.Logins;

/// <summary>What people do: at psql, and in the browser.</summary>
internal static partial class Steps
{
    /// <summary>Who may work, by a group that a provider names.</summary>
    public const string Engineers = """
        policy: shop
        match:
          groups: engineering
        rules:
          - {id: use, effect: allow, verbs: [login, read, session, transaction, call]}
        """;

    /// <summary>Starts a psql that has nothing to prove itself by.</summary>
    public static PsqlSession Unproven(SallyportDaemon daemon, string name)
    {
        PsqlTarget target = daemon.Psql("", user: name + "+browser");
        return PsqlSession.Start(target with { Environment = new Dictionary<string, string>(target.Environment) { ["PGCONNECT_TIMEOUT"] = "60" } });
    }

    /// <summary>The address and code that psql shows.</summary>
    public static async Task<(string Url, string Code)> PromptAsync(PsqlSession psql)
    {
        await psql.Process.WaitForOutputAsync("check that it shows the code");
        Match shown = Prompt().Match(psql.Process.Error);
        return shown.Success ? (shown.Groups[1].Value, shown.Groups[2].Value) : throw new InvalidOperationException(psql.Process.Error);
    }

    /// <summary>From our sign-in page to the OpenID provider's, through its own pages and back.</summary>
    public static async Task SignInAtOpenIdAsync(IPage page, string title, string account)
    {
        await page.ClickAsync($"text=Sign in with {title}");
        await page.FillAsync("input[name=login]", account);
        await page.FillAsync("input[name=password]", "whatever it is");
        await page.ClickAsync("button[type=submit]");
        await page.ClickAsync("button:has-text('Continue')");
        await page.WaitForURLAsync("https://localhost:*/**");
    }

    /// <summary>The text of a page, once it shows a heading.</summary>
    public static async Task<string> TextAsync(IPage page, string heading)
    {
        await page.WaitForSelectorAsync($"h1:has-text(\"{heading}\")");
        return await page.InnerTextAsync("main");
    }

    /// <summary>Leaves psql.</summary>
    public static async Task QuitAsync(PsqlSession psql)
    {
        await psql.TypeAsync("\\q");
        await psql.Process.WaitForExitAsync();
    }

    [GeneratedRegex(@"log in at (https://\S+) and check that it shows the code (\S+)")]
    private static partial Regex Prompt();
}
