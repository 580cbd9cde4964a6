using System.Globalization;
using Microsoft.AspNetCore.Http;
using Sallyport.Proxy.Admin;
using Sallyport.Proxy.Audit;
using Sallyport.Proxy.Store.Entities;

namespace Sallyport.Proxy.Approvals;

/// <summary>
/// Approvals over the admin API. The role lets somebody look and speak; whether their word counts is for the rules that hold, which name groups of
/// their own. Whatever changes something is kept in the audit twice: that somebody is about to, and what became of it.
/// </summary>
internal sealed class ApprovalRoutes(ApprovalService approvals) : IAdminRoutes
{
    public void Map(AdminRouteMap map)
    {
        map.Get("/v1/approvals", AdminRole.Approver, ListAsync).Says("Requests, the latest first.");
        map.Sse("/v1/approvals/watch", AdminRole.Approver, WatchAsync).Says("What waits, and whatever changes, as it happens.");
        map.View("/v1/approvals/{id:guid}", AdminRole.Approver, ShowAsync).Says("All that somebody needs to know who is to say yes or no.");
        map.Post("/v1/approvals/{id:guid}/approve", AdminRole.Approver, ApproveAsync).Says("Says yes.");
        map.Post("/v1/approvals/{id:guid}/deny", AdminRole.Approver, DenyAsync).Says("Says no.");
        map.Post("/v1/approvals/{id:guid}/review", AdminRole.Approver, ReviewAsync).Says("Says that an emergency was looked at.");
        map.Post("/v1/approvals/{id:guid}/withdraw", AdminRole.SignedIn, WithdrawAsync).Says("Takes back one's own request.");
        map.Post("/v1/approvals/{id:guid}/break-glass", AdminRole.SignedIn, AnswerAsync).Says("Lets through one's own request in an emergency.");
        map.Post("/v1/break-glass", AdminRole.SignedIn, OpenAsync).Says("Opens a target to oneself in an emergency.");
        map.Post("/v1/access", AdminRole.SignedIn, RequestAsync).Says("Asks for a group for a time.");
        map.Get("/v1/me/approvals", AdminRole.SignedIn, OwnAsync).Says("One's own requests, the latest first.");
        map.Get("/v1/me/grants", AdminRole.SignedIn, OwnGrantsAsync).Says("What one has been granted.");
        map.Delete("/v1/me/grants/{id:guid}", AdminRole.SignedIn, EndOwnAsync).Says("Gives back what one has been granted.");
        map.Get("/v1/grants", AdminRole.Approver, GrantsAsync).Says("Grants in force.");
        map.Delete("/v1/grants/{id:guid}", AdminRole.Approver, RevokeAsync).Says("Ends a grant and what runs under it.");
    }

    private async Task<Page<ApprovalSummary>> ListAsync(AdminCall call, string? status, string? kind, string? subject, bool? review, int? limit, string? after)
    {
        int most = Paging.Limit(limit);
        var filter = new ApprovalFilter { Status = status, Kind = kind, Subject = subject, ToReview = review ?? false, Before = Cursor(after), Limit = most + 1 };
        return Paging.Of(await approvals.Views.ListAsync(filter, call.Cancel).ConfigureAwait(false), most, CursorOf);
    }

    private async Task<Page<ApprovalSummary>> OwnAsync(AdminCall call, string? status, string? kind, int? limit, string? after)
    {
        int most = Paging.Limit(limit);
        var filter = new ApprovalFilter { Status = status, Kind = kind, Subject = call.Identity.Subject, Issuer = call.Identity.Issuer, Before = Cursor(after), Limit = most + 1 };
        return Paging.Of(await approvals.Views.ListAsync(filter, call.Cancel).ConfigureAwait(false), most, CursorOf);
    }

    private async Task<IResult> WatchAsync(AdminCall call)
    {
        await call.KeepAsync(new AuditEvent(AuditTypes.ApprovalViewed, call.Actor) { Object = "approvals" }).ConfigureAwait(false);
        return new EventStream<ApprovalSummary>(approvals.Watch.RunAsync(call.Cancel));
    }

    private async Task<ApprovalView> ShowAsync(AdminCall call, Guid id)
    {
        await call.KeepAsync(new AuditEvent(AuditTypes.ApprovalViewed, call.Actor) { Object = $"approval:{id}" }).ConfigureAwait(false);
        return await approvals.Views.FindAsync(id, call.Cancel).ConfigureAwait(false) ?? throw AdminProblem.NotFound("such request");
    }

    private async Task<DecidedJson> ApproveAsync(AdminCall call, Guid id, ApproveForm form)
    {
        Decision decision = form.Read(id);
        await AttemptAsync(call, id, "approve", form.Reason).ConfigureAwait(false);
        return ApprovalForms.Answer(id, await approvals.Decisions.DecideAsync(call.Identity, call.Caller.Source, decision, call.Cancel).ConfigureAwait(false));
    }

    private async Task<DecidedJson> DenyAsync(AdminCall call, Guid id, ReasonForm form)
    {
        await AttemptAsync(call, id, "deny", form.Reason).ConfigureAwait(false);
        var decision = new Decision(id, false, form.Reason);
        return ApprovalForms.Answer(id, await approvals.Decisions.DecideAsync(call.Identity, call.Caller.Source, decision, call.Cancel).ConfigureAwait(false));
    }

    private async Task<DecidedJson> ReviewAsync(AdminCall call, Guid id, ReasonForm form)
    {
        await AttemptAsync(call, id, "review", form.Reason).ConfigureAwait(false);
        return ApprovalForms.Answer(id, await approvals.Reviews.ReviewAsync(call.Identity, call.Caller.Source, id, form.Reason, call.Cancel).ConfigureAwait(false));
    }

    private async Task<DecidedJson> WithdrawAsync(AdminCall call, Guid id)
    {
        await AttemptAsync(call, id, "withdraw", null).ConfigureAwait(false);
        return ApprovalForms.Answer(id, await approvals.Own.WithdrawAsync(call.Identity, call.Caller.Source, id, call.Cancel).ConfigureAwait(false));
    }

    private async Task<DecidedJson> AnswerAsync(AdminCall call, Guid id, ReasonForm form)
    {
        await AttemptAsync(call, id, "break-glass", form.Reason).ConfigureAwait(false);
        return ApprovalForms.Answer(id, await approvals.BreakGlass.AnswerAsync(call.Identity, call.Caller.Source, id, form.Reason, call.Cancel).ConfigureAwait(false));
    }

    private async Task<DecidedJson> OpenAsync(AdminCall call, BreakGlassForm form)
    {
        TimeSpan time = ApprovalForms.Time(form.For);
        await AttemptAsync(call, null, "break-glass", form.Reason).ConfigureAwait(false);
        (DecisionOutcome outcome, Guid id) = await approvals.BreakGlass
            .OpenAsync(call.Identity, call.Caller.Source, form.Target, time, form.Reason, call.Cancel).ConfigureAwait(false);
        return ApprovalForms.Answer(id, outcome);
    }

    private async Task<DecidedJson> RequestAsync(AdminCall call, AccessForm form)
    {
        var wish = new AccessWish(form.Group, form.Target, ApprovalForms.Time(form.For), form.Reason);
        await AttemptAsync(call, null, "request-access", form.Reason).ConfigureAwait(false);
        (DecisionOutcome outcome, Guid id) = await approvals.Access.RequestAsync(call.Identity, call.Caller.Source, wish, call.Cancel).ConfigureAwait(false);
        return ApprovalForms.Answer(id, outcome);
    }

    private async Task<Page<GrantJson>> GrantsAsync(AdminCall call, string? subject) =>
        new([.. (await approvals.Grants.ListAsync(subject, null, call.Cancel).ConfigureAwait(false)).Select(GrantJson.Of)]);

    private async Task<Page<GrantJson>> OwnGrantsAsync(AdminCall call) =>
        new([.. (await approvals.Grants.ListAsync(call.Identity.Subject, call.Identity.Issuer, call.Cancel).ConfigureAwait(false)).Select(GrantJson.Of)]);

    private Task<DecidedJson> RevokeAsync(AdminCall call, Guid id, string? reason) => EndAsync(call, id, AdminCall.Reason(reason), ofOthers: true);

    private Task<DecidedJson> EndOwnAsync(AdminCall call, Guid id) => EndAsync(call, id, null, ofOthers: false);

    private async Task<DecidedJson> EndAsync(AdminCall call, Guid id, string? reason, bool ofOthers)
    {
        await AttemptAsync(call, id, "revoke", reason).ConfigureAwait(false);
        return await approvals.Grants.RevokeAsync(call.Identity, call.Caller.Source, id, reason, ofOthers, call.Cancel).ConfigureAwait(false)
            ? new DecidedJson(id, "revoked", "Ended.")
            : throw AdminProblem.NotFound("such grant");
    }

    private static ValueTask AttemptAsync(AdminCall call, Guid? id, string what, string? reason) => call.KeepAsync(new AuditEvent(AuditTypes.ApprovalAttempted, call.Actor)
    {
        Object = id is null ? null : $"approval:{id}",
        Reason = reason is { Length: > ApprovalLimits.Reason } ? null : reason,
        Details = new Dictionary<string, string> { ["attempt"] = what },
    });

    /// <summary>Where a page ends: the moment of its last item, which is kept to the millisecond.</summary>
    private static string CursorOf(ApprovalSummary last) => last.CreatedAt.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture);

    private static DateTimeOffset? Cursor(string? after)
    {
        if (after is null)
            return null;
        return long.TryParse(after, NumberStyles.None, CultureInfo.InvariantCulture, out long at) && at < DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()
            ? DateTimeOffset.FromUnixTimeMilliseconds(at)
            : throw AdminProblem.Wrong("after-unfit", "\"after\" is no end of a page.");
    }
}
