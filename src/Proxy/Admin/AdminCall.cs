using System.Net;
using System.Reflection;
using Microsoft.AspNetCore.Http;
using Sallyport.Proxy.Audit;

namespace Sallyport.Proxy.Admin;

/// <summary>Who calls.</summary>
/// <param name="Identity">As the proof says.</param>
/// <param name="Roles">What it may do.</param>
/// <param name="Source">Where the connection comes from; no header has a say in it.</param>
/// <param name="Csrf">Of a browser's session: what its pages must repeat; null: it came with a token.</param>
internal sealed record AdminCaller(Contract.Identity Identity, AdminRoleSet Roles, IPAddress Source, string? Csrf = null);

/// <summary>One request that was let in. A parameter of this type in a handler is it.</summary>
internal sealed class AdminCall
{
    private static readonly object Key = new();

    private readonly IAudit _audit;
    private readonly AdminCaller? _caller;
    private bool _kept;

    private AdminCall(IAudit audit, AdminCaller? caller, CancellationToken cancel)
    {
        _audit = audit;
        _caller = caller;
        Cancel = cancel;
    }

    /// <summary>Who calls. Not for routes of <see cref="AdminRole.Anyone"/>, whose callers nobody has asked.</summary>
    public AdminCaller Caller => _caller ?? throw new InvalidOperationException("A route for anyone does not know who calls.");

    public Contract.Identity Identity => Caller.Identity;

    /// <summary>The caller, for the audit.</summary>
    public AuditActor Actor => AuditActor.Of(Caller.Identity, Caller.Source);

    /// <summary>Cancelled when the client is gone or the time is over.</summary>
    public CancellationToken Cancel { get; }

    /// <summary>True once an audit event of this call is on disk.</summary>
    public bool HasKept => Volatile.Read(ref _kept);

    /// <summary>Keeps an audit event; call it before doing what it tells of.</summary>
    /// <exception cref="AdminProblem">It cannot be kept (503): what it tells of must not happen.</exception>
    public async ValueTask KeepAsync(AuditEvent audit)
    {
        try
        {
            await _audit.KeepAsync(audit, Cancel).ConfigureAwait(false);
        }
        catch (IOException failure)
        {
            throw AdminProblem.Unavailable("audit-unavailable", "The audit cannot be written, so nothing was done.", failure);
        }

        Volatile.Write(ref _kept, true);
    }

    /// <summary>Keeps an audit event, then does it; that it failed is kept too.</summary>
    public async Task<T> DoAsync<T>(AuditEvent audit, Func<CancellationToken, Task<T>> act)
    {
        await KeepAsync(audit).ConfigureAwait(false);
        try
        {
            return await act(Cancel).ConfigureAwait(false);
        }
        catch (Exception failure)
        {
            string word = failure is AdminProblem problem ? problem.Word : failure.GetType().Name;
            _audit.Note(audit with { Outcome = failure is AdminProblem ? "refused" : "failed", Details = With(audit.Details, "error", word) });
            throw;
        }
    }

    /// <summary>Keeps that something was refused, then refuses it.</summary>
    public async Task<AdminProblem> RefuseAsync(AuditEvent audit, AdminProblem problem)
    {
        await KeepAsync(audit with { Outcome = "refused", Details = With(audit.Details, "error", problem.Word) }).ConfigureAwait(false);
        return problem;
    }

    /// <summary>The reason that the caller gave: text, one line, bounded.</summary>
    /// <exception cref="AdminProblem">There is none.</exception>
    public static string Reason(string? given)
    {
        string reason = given?.Trim() ?? "";
        if (reason.Length == 0)
            throw AdminProblem.Wrong("reason-missing", "This needs a reason, which is kept in the audit.", "Say it in \"reason\".");
        if (reason.Length > AdminLimits.Reason || reason.Any(char.IsControl))
            throw AdminProblem.Wrong("reason-unfit", $"The reason has more than {AdminLimits.Reason} characters, or a line break.", "Say it in one line.");
        return reason;
    }

    /// <summary>Of a request that the gate has let in.</summary>
    public static AdminCall Of(HttpContext context) =>
        context.Items[Key] as AdminCall ?? throw new InvalidOperationException("The request has not passed the gate.");

    /// <summary>How handlers get it.</summary>
    public static ValueTask<AdminCall?> BindAsync(HttpContext context, ParameterInfo parameter) => new(Of(context));

    internal static void Let(HttpContext context, IAudit audit, AdminCaller? caller) =>
        context.Items[Key] = new AdminCall(audit, caller, context.RequestAborted);

    private static Dictionary<string, string> With(IReadOnlyDictionary<string, string>? details, string name, string value) =>
        new(details ?? new Dictionary<string, string>(), StringComparer.Ordinal) { [name] = value };
}
