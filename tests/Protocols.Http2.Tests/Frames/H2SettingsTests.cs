using Sallyport.Protocols.Http2.Frames;
using Sallyport.Protocols.Http2.Heads;
using Xunit;

namespace Sallyport.Protocols.Http2.Tests.Frames;

/// <summary>SETTINGS (RFC 9113 6.5.2, RFC 8441 3, RFC 9218 2.1).</summary>
public sealed class H2SettingsTests
{
    [Fact]
    public void Section_6_5_2_what_holds_before_anybody_has_said_anything()
    {
        var settings = new H2Settings();
        Assert.Equal((4096u, true, uint.MaxValue, 65_535), (settings.HeaderTableSize, settings.EnablePush, settings.MaxConcurrentStreams, settings.InitialWindowSize));
        Assert.Equal((16_384, uint.MaxValue, false, false), (settings.MaxFrameSize, settings.MaxHeaderListSize, settings.EnableConnectProtocol, settings.Received));
    }

    [Fact]
    public void Section_6_5_3_values_are_applied_in_their_order_and_unknown_ones_ignored()
    {
        var settings = new H2Settings();
        Assert.Null(Apply(ref settings, false, (1, 100), (2, 0), (3, 7), (4, 1), (0xf00, 5), (4, 2), (5, 20_000), (6, 1000), (8, 1), (9, 1)));
        Assert.Equal(
            new H2Settings
            {
                HeaderTableSize = 100,
                EnablePush = false,
                MaxConcurrentStreams = 7,
                InitialWindowSize = 2,
                MaxFrameSize = 20_000,
                MaxHeaderListSize = 1000,
                EnableConnectProtocol = true,
                NoRfc7540Priorities = true,
                Received = true,
            },
            settings);
    }

    [Theory]
    [InlineData(2, 2u, false, (uint)H2ErrorCode.PROTOCOL_ERROR)]
    [InlineData(2, 1u, true, (uint)H2ErrorCode.PROTOCOL_ERROR)]
    [InlineData(4, 0x80000000u, false, (uint)H2ErrorCode.FLOW_CONTROL_ERROR)]
    [InlineData(4, uint.MaxValue, false, (uint)H2ErrorCode.FLOW_CONTROL_ERROR)]
    [InlineData(5, 16_383u, false, (uint)H2ErrorCode.PROTOCOL_ERROR)]
    [InlineData(5, 16_777_216u, false, (uint)H2ErrorCode.PROTOCOL_ERROR)]
    [InlineData(5, uint.MaxValue, false, (uint)H2ErrorCode.PROTOCOL_ERROR)]
    [InlineData(8, 2u, true, (uint)H2ErrorCode.PROTOCOL_ERROR)]
    [InlineData(9, 2u, false, (uint)H2ErrorCode.PROTOCOL_ERROR)]
    public void Section_6_5_2_values_out_of_range_end_the_connection_and_change_nothing(ushort setting, uint value, bool fromServer, uint code)
    {
        var settings = new H2Settings();
        H2Fault fault = Apply(ref settings, fromServer, (1, 5), (setting, value))!;
        Assert.Equal((H2FaultScope.Connection, (H2ErrorCode)code), (fault.Scope, fault.Code));
        Assert.Equal(new H2Settings(), settings);
    }

    [Theory]
    [InlineData(2, 1u)]
    [InlineData(4, 0u)]
    [InlineData(4, 0x7fffffffu)]
    [InlineData(5, 16_384u)]
    [InlineData(5, 16_777_215u)]
    public void Section_6_5_2_the_ends_of_the_ranges_are_in_them(ushort setting, uint value)
    {
        var settings = new H2Settings();
        Assert.Null(Apply(ref settings, false, (setting, value)));
    }

    [Fact]
    public void Rfc_8441_and_9218_settings_are_not_taken_back()
    {
        var settings = new H2Settings();
        Assert.Null(Apply(ref settings, true, (8, 1), (9, 1)));
        Assert.Null(Apply(ref settings, true, (8, 1), (9, 1)));
        Assert.NotNull(Apply(ref settings, true, (8, 0)));
        Assert.NotNull(Apply(ref settings, true, (9, 0)));
    }

    private static H2Fault? Apply(ref H2Settings settings, bool fromServer, params (ushort Setting, uint Value)[] values)
    {
        byte[] frame = new byte[200];
        int length = H2FrameWriter.WriteSettings(frame, [.. values.Select(v => ((H2Setting)v.Setting, v.Value))]);
        return H2Settings.TryApply(frame.AsSpan(H2FrameHeader.Size, length - H2FrameHeader.Size), fromServer, ref settings);
    }
}
