using System.Net;
using System.Text.Json.Serialization;
using Sallyport.Contract;
using Sallyport.Policy;
using Sallyport.Policy.Yaml;
using Sallyport.Proxy.Admin.Policies;
using Sallyport.Proxy.Store.Entities;
using Sallyport.Proxy.Upstream;

namespace Sallyport.Proxy.Admin.Routes;

/// <summary>How policy would judge what somebody would do, by what is in force or by a draft. Nothing is connected to.</summary>
/// <param name="issuer">Who vouches for a subject when the caller does not say.</param>
internal sealed class ExplainRoutes(PolicyLibrary library, TargetDirectory targets, string node, string issuer, TimeProvider time) : IAdminRoutes
{
    /// <summary>Longest text, characters.</summary>
    private const int LongestText = 256 << 10;

    public void Map(AdminRouteMap map) => map.Ask("/v1/policies/explain", AdminRole.Viewer, ExplainAsync).Takes(AdminLimits.PolicyBodyBytes)
        .Says("How what somebody would do is judged, and why: by the policy in force, or by a draft.");

    private async Task<ExplainedJson> ExplainAsync(AdminCall call, ExplainJson body)
    {
        if (body.Longest > LongestText)
            throw AdminProblem.Wrong("text-too-long", $"The text has more than {LongestText} characters.");
        SessionFacts facts = Facts(body);
        bool isKubernetes = targets.FindAny(body.Target)?.Config.Http is { IsKubernetes: true };
        if (body.Unfit(facts.Protocol, isKubernetes) is { } why)
            throw AdminProblem.Wrong("action-unfit", why);
        (DryRun.Judge judge, string digest) = await JudgeAsync(call, body).ConfigureAwait(false);
        return new ExplainedJson(digest, DryRun.Explain(judge, facts, body, isKubernetes));
    }

    private SessionFacts Facts(ExplainJson body)
    {
        TargetInfo target = targets.FindAny(body.Target)?.Info ?? throw AdminProblem.NotFound("target of this name");
        if (body.Source is not null && !IPAddress.TryParse(body.Source, out _))
            throw AdminProblem.Wrong("source-unfit", "\"source\" must be an IP address.");
        DateTimeOffset now = time.GetUtcNow();
        return new SessionFacts
        {
            SessionId = Guid.Empty,
            Node = node,
            Listener = "explain",
            Protocol = target.Protocol,
            Identity = new Contract.Identity
            {
                Subject = body.Subject,
                Groups = [.. body.Groups ?? []],
                Kind = body.Kind ?? IdentityKind.Human,
                ActingFor = [.. body.ActingFor ?? []],
                Issuer = body.Issuer ?? issuer,
                AuthenticatedAt = now,
                ExpiresAt = DateTimeOffset.MaxValue,
            },
            Target = body.Target,
            Resource = body.Database ?? body.Account ?? target.DefaultResource,
            Source = new IPEndPoint(body.Source is null ? IPAddress.Loopback : IPAddress.Parse(body.Source), 0),
            StartedAt = now,
            ClientTls = true,
        };
    }

    private async Task<(DryRun.Judge Judge, string Digest)> JudgeAsync(AdminCall call, ExplainJson body)
    {
        if (body.Draft is not { } wanted)
            return (library.Policy.Explain, library.Policy.Digest);
        PolicyVersionRow row = await library.FindAsync(wanted.Name, wanted.Version, call.Cancel).ConfigureAwait(false) ?? throw AdminProblem.NotFound("version of this number");
        (PolicyDraft? draft, IReadOnlyList<Diagnostic> diagnostics) = await library.CheckAsync(row.Name, row.Yaml, call.Cancel).ConfigureAwait(false);
        return draft is not null
            ? (draft.Explain, draft.Digest)
            : throw new AdminProblem(409, "policy-unfit", "With this version there would be errors in the policy.")
            {
                More = new Dictionary<string, object> { ["problems"] = diagnostics.Select(item => item.ToString()).ToArray() },
            };
    }
}

/// <summary>Who would do what where. Nothing to do: the login is judged alone.</summary>
internal sealed record ExplainJson : Intent
{
    [JsonConstructor]
    public ExplainJson()
    {
    }

    public ExplainJson(Intent intent)
        : base(intent)
    {
    }

    public required string Subject { get; init; }

    public required string Target { get; init; }

    public IReadOnlyList<string>? Groups { get; init; }

    public IdentityKind? Kind { get; init; }

    public IReadOnlyList<string>? ActingFor { get; init; }

    public string? Issuer { get; init; }

    public string? Database { get; init; }

    /// <summary>On an SSH target.</summary>
    public string? Account { get; init; }

    public string? Source { get; init; }

    /// <summary>Null: by the policy in force.</summary>
    public PolicyVersionName? Draft { get; init; }
}

internal sealed record PolicyVersionName(string Name, int Version);

/// <param name="Digest">Of the policy that judged.</param>
internal sealed record ExplainedJson(string Digest, IReadOnlyList<ExplainedAction> Actions);
