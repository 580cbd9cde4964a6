using System.Collections.Immutable;

namespace Sallyport.Proxy.Configuration;

/// <summary><c>approvals</c>.</summary>
internal sealed record ApprovalsConfig
{
    public static ApprovalsConfig Default { get; } = new();

    public ImmutableArray<WebhookConfig> Webhooks { get; init; } = [];

    public ImmutableArray<AccessConfig> Access { get; init; } = [];

    /// <summary>Most requests that wait, in all. A person cannot look at more, and each holds a session.</summary>
    public int MaxPending { get; init; } = 20_000;

    /// <summary>… and of one subject.</summary>
    public int MaxPendingPerSubject { get; init; } = 20;

    /// <summary>How long ago a person who decides may have proven who they are at most; null: as long as their login is good.</summary>
    public TimeSpan? FreshLogin { get; init; }
}

/// <summary>How a webhook's messages look.</summary>
internal enum WebhookFormat
{
    Json,
    Slack,
    Teams,
}

/// <summary>Somebody who is told.</summary>
internal sealed record WebhookConfig
{
    public required string Name { get; init; }

    /// <summary>Where; null: the address is itself a secret, and in <see cref="SecretUrl"/>.</summary>
    public Uri? Url { get; init; }

    /// <summary>Where, if knowing the address is enough to write there, as with chat services.</summary>
    public SecretReference? SecretUrl { get; init; }

    /// <summary>Signs what is sent; null: it is not signed.</summary>
    public SecretReference? Secret { get; init; }

    public WebhookFormat Format { get; init; }

    /// <summary>What they are told; empty: everything.</summary>
    public ImmutableHashSet<string> Events { get; init; } = [];

    /// <summary>True: the text of what is held is sent along.</summary>
    public bool IncludeText { get; init; }

    public bool Wants(string word) => Events.IsEmpty || Events.Contains(word);
}

/// <summary>A group that can be asked for.</summary>
internal sealed record AccessConfig
{
    public required string Group { get; init; }

    /// <summary>On which targets; <c>*</c>: any.</summary>
    public required ImmutableArray<string> Targets { get; init; }

    /// <summary>The groups whose members may ask.</summary>
    public required ImmutableArray<string> Requesters { get; init; }

    /// <summary>The groups whose members decide.</summary>
    public required ImmutableArray<string> Approvers { get; init; }

    /// <summary>How many distinct persons.</summary>
    public int Quorum { get; init; } = 1;

    /// <summary>The longest time it can be had for.</summary>
    public TimeSpan Longest { get; init; } = TimeSpan.FromHours(8);

    /// <summary>How long a request waits.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromHours(24);

    /// <summary>True when whoever asks must say why.</summary>
    public bool ReasonRequired { get; init; } = true;

    public bool Covers(string target) => Targets.Contains("*") || Targets.Contains(target);
}
