using Microsoft.Playwright;

namespace Sallyport.EndToEnd.Tests.Federation;

/// <summary>A headless Chromium (Debian's), with script switched off unless a provider's own pages need it.</summary>
public sealed class Browser : IAsyncDisposable
{
    private const string Chromium = "/usr/bin/chromium";

    private readonly IPlaywright _playwright;
    private readonly IBrowser _browser;
    private readonly IBrowserContext _context;

    private Browser(IPlaywright playwright, IBrowser browser, IBrowserContext context, IPage page)
    {
        _playwright = playwright;
        _browser = browser;
        _context = context;
        Page = page;
    }

    /// <summary>The one tab.</summary>
    public IPage Page { get; }

    /// <exception cref="InvalidOperationException">There is no Chromium here.</exception>
    public static async Task<Browser> StartAsync(bool script = false)
    {
        if (!File.Exists(Chromium))
            throw new InvalidOperationException($"{Chromium} is not here: eng/install tests installs it.");
        IPlaywright playwright = await Playwright.CreateAsync();
        IBrowser browser = await playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = Chromium,
            Args = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
        });
        IBrowserContext context = await browser.NewContextAsync(new BrowserNewContextOptions { IgnoreHTTPSErrors = true, JavaScriptEnabled = script });
        context.SetDefaultTimeout(30_000);
        return new Browser(playwright, browser, context, await context.NewPageAsync());
    }

    public async ValueTask DisposeAsync()
    {
        await _context.DisposeAsync();
        await _browser.DisposeAsync();
        _playwright.Dispose();
    }
}
