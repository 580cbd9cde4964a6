namespace Sallyport.Policy.Matching;

/// <summary>The attributes that details of requests have. docs/policy.md lists them.</summary>
internal static class DetailNames
{
    /// <summary>Before the path of a field of the request's object; <c>fields</c> in documents.</summary>
    public const string Field = "field:";

    /// <summary>Before the name of a header field, in lower case.</summary>
    public const string Header = "header:";

    /// <summary>Those that have a name of their own.</summary>
    public static IReadOnlyList<string> Known { get; } =
    [
        "version", "dry-run", "patch-type", "field-manager", "force", "field-selector", "label-selector", "propagation-policy", "grace-period",
        "resource-version", "container", "stdin", "tty", "follow", "previous", "port", "content-type", "upgrade",
    ];
}
