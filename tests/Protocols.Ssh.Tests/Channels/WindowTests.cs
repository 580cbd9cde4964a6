using CsCheck;
using Sallyport.Protocols.Ssh.Channels;

namespace Sallyport.Protocols.Ssh.Tests.Channels;

/// <summary>The window against a model that counts every byte for itself.</summary>
public sealed class WindowTests
{
    private static readonly Gen<(int Kind, uint Bytes)[]> Steps = Gen.Select(Gen.Int[0, 5], Gen.Frequency((6, Gen.UInt[0, 5000]), (1, Gen.UInt))).Array[1, 60];

    [Fact]
    public void What_is_granted_never_exceeds_the_room_and_nothing_is_lost() =>
        Gen.Select(Gen.UInt, Gen.Frequency((3, Gen.UInt[0, 10_000]), (1, Gen.UInt)), Steps).Sample((window, reserve, steps) => Run(window, reserve, steps), iter: 20_000);

    [Fact]
    public void A_reserve_is_given_back_to_what_is_added_and_filled_before_the_sender_gets_more()
    {
        var window = default(SshWindow);
        Assert.Equal(60u, window.Open(100, 40));
        window.Replace(0, 30);
        Assert.Equal((10L, 70L), (window.Spare, window.Room));
        Assert.True(window.TryAdjust(20, grant: true, out uint pass));
        Assert.Equal((0u, 30L), (pass, window.Spare));
        Assert.True(window.TryAdjust(20, grant: true, out pass));
        Assert.Equal((10u, 40L), (pass, window.Spare));
        Assert.Equal(40u, window.Reserve(0));
        Assert.False(window.TrySend(111));
        Assert.True(window.TrySend(110));
        Assert.Equal((0L, 0L), (window.Granted, window.Room));
    }

    [Fact]
    public void A_session_has_no_window_before_what_it_runs_is_let_through()
    {
        var window = default(SshWindow);
        Assert.Equal(0u, window.Open(uint.MaxValue, uint.MaxValue));
        Assert.False(window.TrySend(1));
        Assert.True(window.TrySend(0));
        Assert.Equal(uint.MaxValue, window.Reserve(0));
    }

    [Theory]
    [InlineData(uint.MaxValue, 1u)]
    [InlineData(1u, uint.MaxValue)]
    [InlineData(uint.MaxValue, uint.MaxValue)]
    public void A_window_of_more_than_32_bits_is_refused_and_changes_nothing(uint window, uint bytes)
    {
        var state = default(SshWindow);
        state.Open(window, 0);
        Assert.False(state.TryAdjust(bytes, grant: true, out uint pass));
        Assert.Equal((0u, (long)window, (long)window), (pass, state.Room, state.Granted));
    }

    private static void Run(uint window, uint reserve, (int Kind, uint Bytes)[] steps)
    {
        var subject = default(SshWindow);
        long room = window, told = subject.Open(window, reserve), sent = 0, added = 0;
        foreach ((int kind, uint bytes) in steps)
        {
            switch (kind)
            {
                case 0 or 1:
                    bool fits = room + bytes <= uint.MaxValue;
                    Assert.Equal(fits, subject.TryAdjust(bytes, grant: kind == 0, out uint pass));
                    room += fits ? bytes : 0;
                    told += pass;
                    break;
                case 2:
                    int count = (int)Math.Min(bytes, int.MaxValue);
                    bool may = count <= told - sent;
                    Assert.Equal(may, subject.TrySend(count));
                    sent += may ? count : 0;
                    room -= may ? count : 0;
                    break;
                case 3:
                    // Something of ours, as far as there is room that nobody was promised.
                    int own = (int)Math.Min(Math.Min(bytes, int.MaxValue), subject.Spare);
                    subject.Replace(0, own);
                    added += own;
                    room -= own;
                    break;
                case 4:
                    told += subject.Reserve(bytes);
                    break;
                default:
                    told += subject.Grant();
                    break;
            }

            Assert.Equal((room, told - sent), (subject.Room, subject.Granted));
            Assert.InRange(subject.Granted, 0, subject.Room);
            Assert.InRange(subject.Room, 0, uint.MaxValue);
        }

        // In the end the sender can have all of it.
        told += subject.Reserve(0);
        Assert.Equal(room, told - sent);
    }
}
