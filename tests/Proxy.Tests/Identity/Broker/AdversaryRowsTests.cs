using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;
using Sallyport.Proxy.Identity.Federation;
using Sallyport.Proxy.Identity.Pages;
using Sallyport.Proxy.Store;
using Xunit;

namespace Sallyport.Proxy.Tests.Identity.Broker;

/// <summary>Strangers can begin logins at providers: what they leave in the store is bounded, and goes away.</summary>
public sealed class AdversaryRowsTests
{
    [Fact]
    public async Task Logins_that_were_begun_and_never_finished_do_not_stay_in_the_store()
    {
        await using BrokerRig rig = await BrokerRig.StartAsync();
        var kept = new OneTimeStore(rig.State.Store, rig.State.Sealer, rig.Time);
        var pending = new PendingLogins(kept, rig.Time);
        await pending.OpenAsync(OneTimeStore.Secret(), "browser", new PendingLogin("corp", "/", null, null), default);
        await new OneTimeMemory(kept, rig.Time).LinkAsync("state", "request", default);
        Assert.Equal(2, await CountAsync(rig));
        rig.Time.Now += TimeSpan.FromHours(1);
        await rig.Server.Upkeep.RunOnceAsync(prune: false, default);
        Assert.Equal(0, await CountAsync(rig));
    }

    [Fact]
    public async Task One_source_begins_only_so_many()
    {
        var elsewhere = new Elsewhere();
        await using BrokerRig rig = await BrokerRig.StartAsync(methods: _ => [elsewhere]);
        HttpStatusCode last = HttpStatusCode.OK;
        for (int i = 0; i < 400 && last != HttpStatusCode.TooManyRequests; i++)
            last = (await rig.Anyone.GetAsync("/sign-in/with?provider=corp")).Status;
        Assert.Equal(HttpStatusCode.TooManyRequests, last);
        Assert.Equal(300, elsewhere.Begun);
        rig.Time.Now += TimeSpan.FromMinutes(11);
        Assert.NotEqual(HttpStatusCode.TooManyRequests, (await rig.Anyone.GetAsync("/sign-in/with?provider=corp")).Status);
    }

    private static Task<int> CountAsync(BrokerRig rig) => rig.State.Store.ReadAsync(
        (db, cancel) => db.OneTimes.CountAsync(row => row.Key.StartsWith("federation:") || row.Key.StartsWith("saml-"), cancel), default);

    private sealed class Elsewhere : ILoginMethod
    {
        public int Begun { get; private set; }

        public string Name => "corp";

        public string Title => "Corp";

        public Task<IResult> StartAsync(HttpContext http, LoginDemand demand, CancellationToken cancel)
        {
            Begun++;
            return Task.FromResult<IResult>(Results.Ok());
        }

        public void Map(IEndpointRouteBuilder routes, LoginDesk desk)
        {
            // Nobody comes back.
        }
    }
}
