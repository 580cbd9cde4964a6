using Xunit;

namespace Sallyport.EndToEnd.Tests.Federation;

public sealed class BrowserTests
{
    [Fact]
    public async Task The_provider_shows_its_metadata_to_a_browser()
    {
        await using OpenIdProvider provider = await OpenIdProvider.StartAsync("http://127.0.0.1:1/callback");
        await using Browser browser = await Browser.StartAsync();

        await browser.Page.GotoAsync(provider.Issuer + "/.well-known/openid-configuration");

        Assert.Contains(provider.Issuer, await browser.Page.ContentAsync(), StringComparison.Ordinal);
    }
}
