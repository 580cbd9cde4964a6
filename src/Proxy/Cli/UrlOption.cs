using System.CommandLine;

namespace Sallyport.Proxy.Cli;

/// <summary>Options that take an address.</summary>
internal static class UrlOption
{
    /// <summary>An option for an https address (http too: on loopback it is allowed, elsewhere the request is refused).</summary>
    public static Option<Uri?> Create(string description, string name, params string[] aliases) => new(name, aliases)
    {
        Description = description,
        HelpName = "URL",
        CustomParser = parsed =>
        {
            string text = parsed.Tokens.Count == 1 ? parsed.Tokens[0].Value : "";
            if (Uri.TryCreate(text, UriKind.Absolute, out Uri? url) && url.Scheme is "https" or "http")
                return url;
            parsed.AddError($"{name} needs an address such as https://sallyport.example.com.");
            return null;
        },
    };
}
