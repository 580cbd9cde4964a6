using System.Text.Json.Nodes;
using Sallyport.Proxy.Configuration;

namespace Sallyport.Proxy.Approvals.Webhooks;

/// <summary>
/// Messages as their receivers want them. What comes from clients is put only where nothing is read as markup, and escaped where that is not enough:
/// a statement that says <c>&lt;!channel&gt;</c> calls nobody, and one that looks like a link is none.
/// </summary>
internal static class WebhookBodies
{
    /// <summary>Version of Adaptive Cards that Teams shows.</summary>
    private const string CardVersion = "1.5";

    public static string Write(WebhookFormat format, WebhookMessage message) => format switch
    {
        WebhookFormat.Slack => Slack(message).ToJsonString(),
        WebhookFormat.Teams => Teams(message).ToJsonString(),
        _ => Json(message).ToJsonString(),
    };

    private static JsonObject Json(WebhookMessage message)
    {
        var row = message.What.Row;
        var body = new JsonObject
        {
            ["id"] = message.Delivery.ToString(),
            ["event"] = message.What.Event,
            ["at"] = message.At.ToString("O"),
            ["approval"] = row.Id.ToString(),
            ["kind"] = row.Kind,
            ["subject"] = row.Subject,
            ["issuer"] = row.Issuer,
            ["identityKind"] = row.IdentityKind,
            ["actingFor"] = List(row.ActingFor),
            ["target"] = row.Target,
            ["resource"] = row.Resource,
            ["action"] = row.Action,
            ["rules"] = List(row.Rules),
            ["expiresAt"] = row.ExpiresAt.ToString("O"),
            ["url"] = message.Link,
        };
        if (row.Kind == ApprovalKind.Access)
            body["group"] = row.Text;
        if (row.SessionId is { } session)
            body["session"] = session.ToString();
        if (message.What.By is { } by)
            body["by"] = by;
        if ((message.What.Reason ?? row.Reason) is { } reason)
            body["reason"] = reason;
        if (message.Text is { } text)
            body["text"] = text;
        return body;
    }

    /// <summary>Blocks of Slack's Block Kit. In <c>plain_text</c> nothing is markup; the three characters are escaped wherever they stand.</summary>
    private static JsonObject Slack(WebhookMessage message)
    {
        var blocks = new JsonArray { new JsonObject { ["type"] = "header", ["text"] = Plain(message.Title) } };
        foreach ((string name, string value) in message.Facts)
            blocks.Add(new JsonObject { ["type"] = "section", ["text"] = Plain($"{name}: {value}") });
        if (message.Text is { Length: > 0 } text)
            blocks.Add(new JsonObject { ["type"] = "section", ["text"] = Plain(text) });
        if (message.Link is { } link)
        {
            var button = new JsonObject { ["type"] = "button", ["text"] = Plain("Open"), ["url"] = link };
            blocks.Add(new JsonObject { ["type"] = "actions", ["elements"] = new JsonArray { button } });
        }

        return new JsonObject { ["text"] = SlackEscape(message.Title), ["blocks"] = blocks };
    }

    /// <summary>An Adaptive Card. Its TextBlock reads Markdown, its TextRun does not: what clients say stands in TextRuns only.</summary>
    private static JsonObject Teams(WebhookMessage message)
    {
        var body = new JsonArray { new JsonObject { ["type"] = "TextBlock", ["size"] = "Medium", ["weight"] = "Bolder", ["wrap"] = true, ["text"] = message.Title } };
        foreach ((string name, string value) in message.Facts)
            body.Add(Rich(Run($"{name}: ", bold: true), Run(value)));
        if (message.Text is { Length: > 0 } text)
            body.Add(Rich(Run(text, monospace: true)));
        var card = new JsonObject
        {
            ["$schema"] = "http://adaptivecards.io/schemas/adaptive-card.json",
            ["type"] = "AdaptiveCard",
            ["version"] = CardVersion,
            ["body"] = body,
        };
        if (message.Link is { } link)
            card["actions"] = new JsonArray { new JsonObject { ["type"] = "Action.OpenUrl", ["title"] = "Open", ["url"] = link } };
        var attachment = new JsonObject { ["contentType"] = "application/vnd.microsoft.card.adaptive", ["contentUrl"] = null, ["content"] = card };
        return new JsonObject { ["type"] = "message", ["attachments"] = new JsonArray { attachment } };
    }

    private static JsonObject Plain(string text) => new() { ["type"] = "plain_text", ["text"] = SlackEscape(text), ["emoji"] = false };

    private static string SlackEscape(string text) =>
        text.Replace("&", "&amp;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal).Replace(">", "&gt;", StringComparison.Ordinal);

    private static JsonObject Rich(params JsonNode?[] runs) => new() { ["type"] = "RichTextBlock", ["inlines"] = new JsonArray(runs) };

    private static JsonObject Run(string text, bool bold = false, bool monospace = false)
    {
        var run = new JsonObject { ["type"] = "TextRun", ["text"] = text };
        if (bold)
            run["weight"] = "Bolder";
        if (monospace)
            run["fontType"] = "Monospace";
        return run;
    }

    private static JsonArray List(string json) => new([.. ApprovalJson.Texts(json).Select(text => JsonValue.Create(text))]);
}
