using System.Globalization;
using Sallyport.Policy.Yaml;
using Sallyport.Proxy.Configuration;

namespace Sallyport.Proxy.Approvals.Webhooks;

/// <summary>What a message says, whatever its format. All of it but the names of the facts may come from a client: formats escape it.</summary>
internal sealed record WebhookMessage
{
    /// <summary>Longest text sent along, characters: chat services refuse more, and the whole is where the link leads.</summary>
    public const int LongestText = 2000;

    /// <summary>Longest other value, characters.</summary>
    private const int LongestValue = 300;

    private const string Cut = "…";

    public required Guid Delivery { get; init; }

    public required DateTimeOffset At { get; init; }

    public required Announcement What { get; init; }

    /// <summary>One line.</summary>
    public required string Title { get; init; }

    /// <summary>Name and value.</summary>
    public required IReadOnlyList<(string Name, string Value)> Facts { get; init; }

    /// <summary>What is held; null: it is not sent.</summary>
    public string? Text { get; init; }

    /// <summary>Where it can be looked at; null: nowhere.</summary>
    public string? Link { get; init; }

    public static WebhookMessage Of(WebhookConfig webhook, Announcement what, string? link, Guid delivery, DateTimeOffset now)
    {
        List<(string Name, string Value)> facts = [("Who", Who(what)), ("Target", TargetOf(what))];
        if (what.Row.Kind == ApprovalKind.Access)
            facts.Add(("Group", Short(what.Row.Text)));
        if (what.Row.Action.Length > 0)
            facts.Add(("Action", what.Row.Action));
        if (what.Row.Kind == ApprovalKind.Action)
            facts.Add(("Rules", Short(string.Join(", ", ApprovalJson.Texts(what.Row.Rules)))));
        if (what.Row.Duration is { } time)
            facts.Add(("For", Durations.Format(time)));
        if (what.By is { } by)
            facts.Add(("By", Short(by)));
        if ((what.Reason ?? what.Row.Reason) is { Length: > 0 } reason)
            facts.Add(("Reason", Short(reason)));
        if (what.Event is WebhookEvents.Requested or WebhookEvents.AccessRequested)
            facts.Add(("Until", what.Row.ExpiresAt.ToString("u", CultureInfo.InvariantCulture)));
        return new WebhookMessage
        {
            Delivery = delivery,
            At = now,
            What = what,
            Title = TitleOf(what.Event),
            Facts = facts,
            Text = webhook.IncludeText && what.Row.Kind == ApprovalKind.Action ? Short(what.Row.Text, LongestText) : null,
            Link = link,
        };
    }

    private static string TitleOf(string word) => word switch
    {
        WebhookEvents.Requested => "An action waits for approval",
        WebhookEvents.Approved => "An action was approved",
        WebhookEvents.Denied => "A request was denied",
        WebhookEvents.Expired => "A request has expired",
        WebhookEvents.Withdrawn => "A request was withdrawn",
        WebhookEvents.BreakGlass => "EMERGENCY: somebody went ahead without approval",
        WebhookEvents.GrantRevoked => "A grant was revoked",
        WebhookEvents.AccessRequested => "Somebody asks for access",
        WebhookEvents.AccessGranted => "Access was granted",
        _ => "Access has ended",
    };

    private static string Who(Announcement what)
    {
        IReadOnlyList<string> chain = ApprovalJson.Texts(what.Row.ActingFor);
        return Short(chain.Count == 0 ? what.Row.Subject : $"{what.Row.Subject} for {string.Join(" for ", chain)}");
    }

    private static string TargetOf(Announcement what) =>
        Short(what.Row.Resource.Length == 0 ? what.Row.Target : $"{what.Row.Target}/{what.Row.Resource}");

    private static string Short(string text, int longest = LongestValue)
    {
        if (text.Length <= longest)
            return text;

        // Half a character is none.
        int end = char.IsHighSurrogate(text[longest - 2]) ? longest - 2 : longest - 1;
        return string.Concat(text.AsSpan(0, end), Cut);
    }
}
