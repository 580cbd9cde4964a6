using System.Collections.Immutable;
using Sallyport.Policy.Yaml;
using Sallyport.Proxy.Approvals.Webhooks;
using Sallyport.Proxy.Identity;

namespace Sallyport.Proxy.Configuration;

/// <summary>Reads <c>approvals</c>.</summary>
internal static class ApprovalsSection
{
    /// <summary>Each webhook has a loop of its own.</summary>
    private const int MostWebhooks = 16;

    private const int MostAccess = 256;

    private const int MostNames = 256;

    /// <summary>Longest name of a group, target or event.</summary>
    private const int LongestName = 256;

    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private static readonly Dictionary<string, string> EventWords = WebhookEvents.All.ToDictionary(word => word, StringComparer.Ordinal);

    private static readonly Dictionary<string, bool> ReasonWords = new(StringComparer.Ordinal) { ["required"] = true, ["optional"] = false };

    public static ApprovalsConfig Read(YamlMap document, ConfigFiles files)
    {
        ApprovalsConfig defaults = ApprovalsConfig.Default;
        if (document.Map("approvals") is not { } map)
            return defaults;
        var names = new HashSet<string>(StringComparer.Ordinal);
        var webhooks = new List<WebhookConfig>();
        foreach (YamlMap webhook in map.Maps("webhooks", MostWebhooks))
        {
            WebhookConfig read = Webhook(webhook, files);
            if (read.Name.Length > 0 && !names.Add(read.Name))
                webhook.Error("name", $"The name \"{read.Name}\" is taken.");
            webhooks.Add(read);
        }

        return new ApprovalsConfig
        {
            Webhooks = [.. webhooks],
            Access = [.. map.Maps("access", MostAccess).Select(Access)],
            MaxPending = map.Int("max-pending", 1, 100_000) ?? defaults.MaxPending,
            MaxPendingPerSubject = map.Int("max-pending-per-subject", 1, 10_000) ?? defaults.MaxPendingPerSubject,
            FreshLogin = map.Duration("fresh-login", Minute, TimeSpan.FromDays(30)),
        };
    }

    private static WebhookConfig Webhook(YamlMap map, ConfigFiles files)
    {
        WebhookFormat format = map.Enum<WebhookFormat>("format") ?? WebhookFormat.Json;
        var read = new WebhookConfig
        {
            Name = map.Require("name") ? ConfigReader.Name(map, "name") ?? "" : "",
            Url = map.Text("url") is { } text ? Address(map, text) : null,
            SecretUrl = Secrets.Read(map, "url-from", files),
            Secret = Secrets.Read(map, "secret", files),
            Format = format,
            Events = [.. map.Words("events", EventWords)],
            IncludeText = map.Bool("include-text") ?? false,
        };
        if (map.Has("url") == map.Has("url-from"))
            map.Error(map.Has("url") ? "url" : "name", "A webhook must have exactly one of url, url-from.");
        if (format == WebhookFormat.Json && !map.Has("secret"))
            map.Error("name", "A webhook of format json must have a \"secret\": whoever receives it must be able to tell that it is from here.");
        return read;
    }

    private static AccessConfig Access(YamlMap map)
    {
        var read = new AccessConfig
        {
            Group = map.RequiredText("group", LongestName),
            Targets = Names(map, "targets"),
            Requesters = Names(map, "requesters"),
            Approvers = Names(map, "approvers"),
            Quorum = map.Int("quorum", 1, 16) ?? 1,
            Longest = map.Duration("longest", Minute, TimeSpan.FromDays(30)) ?? TimeSpan.FromHours(8),
            Timeout = map.Duration("timeout", Minute, TimeSpan.FromDays(7)) ?? TimeSpan.FromHours(24),
            ReasonRequired = !map.TryWord("reason", ReasonWords, out bool required) || required,
        };
        if (read.Approvers.Contains(read.Group) && read.Quorum == 1)
            map.Error("approvers", $"Whoever gets {read.Group} for a time could then approve it for others: name another group of approvers.");
        return read;
    }

    private static ImmutableArray<string> Names(YamlMap map, string key)
    {
        if (!map.Require(key))
            return [];
        ImmutableArray<string> names = [.. map.Texts(key, LongestName, MostNames).Select(text => text.Value)];
        if (names.IsEmpty)
            map.Error(key, $"\"{key}\" names nobody.");
        return names;
    }

    private static Uri? Address(YamlMap map, string text)
    {
        if (Uri.TryCreate(text, UriKind.Absolute, out Uri? address) && KeyFetcher.IsAcceptable(address))
            return address;
        map.Error("url", $"\"{text}\" is no address to send to: https, or http on loopback.");
        return null;
    }
}
