namespace Sallyport.Proxy.Approvals;

/// <summary>Every bound of approvals.</summary>
internal static class ApprovalLimits
{
    /// <summary>Longest text that is held, bytes of UTF-8. A person must be able to read what they approve: longer texts are refused, not cut.</summary>
    public const int Text = 64 * 1024;

    /// <summary>Most parameters shown.</summary>
    public const int Parameters = 1000;

    /// <summary>Longest sum of parameter values and type names, bytes of UTF-8.</summary>
    public const int ParameterBytes = 64 * 1024;

    /// <summary>Most effects of one action.</summary>
    public const int Effects = 1000;

    /// <summary>Longest reason, characters.</summary>
    public const int Reason = 1000;

    /// <summary>Longest label that a client gives itself, characters.</summary>
    public const int Label = 128;

    /// <summary>Most rows a list returns.</summary>
    public const int Page = 200;

    /// <summary>Earlier approvals shown beside one.</summary>
    public const int History = 10;

    /// <summary>Longest time for which a person may break the glass.</summary>
    public static readonly TimeSpan BreakGlass = TimeSpan.FromHours(1);

    /// <summary>How often a node looks at what it missed.</summary>
    public static readonly TimeSpan Poll = TimeSpan.FromSeconds(5);

    /// <summary>What nobody expired for so long after its time is expired by whoever sees it.</summary>
    public static readonly TimeSpan Overdue = TimeSpan.FromSeconds(30);

    /// <summary>Most rows one round of tidying takes.</summary>
    public const int Batch = 500;
}
